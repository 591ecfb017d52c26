#include "certs/ca/ca_folder.h"

#include "base/io/file.h"
#include "certs/key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kPublicMode = 0644;
constexpr mode_t kKeyMode = 0600;
constexpr auto kLockStep = std::chrono::milliseconds(20);

Result<> check_folder(const std::string& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0) {
    base::Error error = base::fail_errno(errno, path);
    if (errno == ENOENT || errno == ENOTDIR) error.code = Errc::not_found;
    return error;
  }
  if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, "{} is not a folder", path);
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(Errc::invalid,
                "{} belongs to uid {}, who can read and replace its keys: chown {} {}", path,
                status.st_uid, ::geteuid(), path);
  if ((status.st_mode & 077U) != 0)
    return fail(Errc::invalid,
                "{}: mode {:04o} opens a folder of private keys to others: chmod 700 {}", path,
                status.st_mode & 07777U, path);
  return {};
}

Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return check_folder(path);
  return base::fail_errno(errno, "making " + path);
}

Result<> check_key(const KeyFile& file, const std::string& path) {
  if (std::filesystem::is_symlink(path))
    return fail(Errc::invalid, "{} is a symbolic link: put the key itself there", path);
  for (const PairFinding& finding : file.check({.groups = {}})) {
    if (finding.severity == base::Severity::error)
      return fail(Errc::invalid, "{}", finding.message);
  }
  return {};
}

}  // namespace

CaLock::CaLock(CaLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

CaLock::~CaLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<CaFolder> CaFolder::make(const std::string& path) {
  const std::filesystem::path above = std::filesystem::absolute(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(above.parent_path(), error);
  // The store: its other folders hold keys as well. One that is there is its owner's business.
  if (::mkdir(above.c_str(), kFolderMode) != 0 && errno != EEXIST)
    return base::fail_errno(errno, "making " + above.string());
  if (auto made = make_folder(path); !made) return made.error();
  return CaFolder(path);
}

Result<CaFolder> CaFolder::open(const std::string& path) {
  if (auto checked = check_folder(path); !checked) return checked.error();
  return CaFolder(path);
}

std::string CaFolder::path(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

bool CaFolder::has(std::string_view name) const {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path(name), error));
}

Result<X509Ptr> CaFolder::read_certificate(std::string_view name) const {
  const std::string file = path(name);
  const auto text = base::read_file(file, kPemBytesMax);
  if (!text) return text.error();
  auto list = parse_bundle(*text, file);
  if (!list) return list.error();
  if (list->size() != 1)
    return fail(Errc::invalid, "{} holds {} certificates, where one belongs", file, list->size());
  return std::move(list->front());
}

Result<std::optional<KeyPtr>> CaFolder::read_key(std::string_view name) const {
  if (!has(name)) return std::optional<KeyPtr>();
  const std::string file = path(name);
  const auto opened = KeyFile::open(file);
  if (!opened) return opened.error();
  if (auto checked = check_key(*opened, file); !checked) return checked.error();
  auto text = opened->read();
  if (!text) return text.error();
  auto key = parse_key(*text, file);
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) return key.error();
  return std::optional<KeyPtr>(std::move(*key));
}

Result<> CaFolder::write_public(std::string_view name, std::string_view text) const {
  return base::replace_file(path(name), text, kPublicMode);
}

Result<> CaFolder::write_key(std::string_view name, const EVP_PKEY* key) const {
  std::string text = key_to_pem(key);
  auto written = base::replace_file(path(name), text, kKeyMode);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

Result<CaFolder> CaFolder::below(std::string_view name) const {
  const std::string inner = path(name);
  if (auto made = make_folder(inner); !made) return made.error();
  return CaFolder(inner);
}

Result<CaLock> CaFolder::lock(std::chrono::milliseconds wait_max,
                              const std::stop_token& stop) const {
  const std::string file = path("lock");
  CaLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kKeyMode));
  const int fd = lock.descriptor();
  if (fd < 0) return base::fail_errno(errno, "opening " + file);
  for (auto waited = std::chrono::milliseconds(0);; waited += kLockStep) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return base::fail_errno(errno, "locking " + file);
    if (stop.stop_requested()) return fail(Errc::conflict, "stopped while {} is in use", path_);
    if (waited >= wait_max) return fail(Errc::conflict, "{} is in use by another process", path_);
    std::this_thread::sleep_for(kLockStep);
  }
}

}  // namespace ravelin::certs
