#include "certs/acme/account_file.h"

#include "base/io/file.h"
#include "certs/acme/fields.h"
#include "certs/certificate.h"
#include "certs/key_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using base::Errc;
using base::fail;
using base::fail_errno;

constexpr const char* kKey = "key.pem";
constexpr const char* kNextKey = "next-key.pem";
constexpr const char* kAccount = "account.json";
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr std::size_t kAccountBytesMax = std::size_t{64} * 1024;

Result<> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, path);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed != 0) return fail_errno(failed, path);
  return {};
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the path
Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0)
    return sync_folder(std::filesystem::path(path).parent_path().string());
  if (errno == EEXIST) return {};
  const std::string above = std::filesystem::path(path).parent_path().string();
  if (errno != ENOENT || above.empty() || above == path) return fail_errno(errno, path);
  if (auto made = make_folder(above); !made) return made;
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return fail_errno(errno, path);
  return sync_folder(above);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Result<KeyPtr> read_key(const std::string& path) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  for (const PairFinding& finding : file->check({.groups = {}})) {
    if (finding.severity == base::Severity::error) return fail(Errc::denied, "{}", finding.message);
  }
  auto pem = file->read();
  if (!pem) return pem.error();
  auto key = parse_key(*pem, path);
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key && !is_account_key(key->get()))
    return fail(Errc::invalid, "{}: an account's key is P-256", path);
  return key;
}

Result<KeyPtr> write_new_key(const std::string& path) {
  KeyPtr key = make_account_key();
  std::string pem = key_to_pem(key.get());
  const auto written = base::replace_file(path, pem, kFileMode);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!written) return written.error();
  return key;
}

Result<> move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, from);
  return {};
}

}  // namespace

Result<AccountFile> AccountFile::open(std::string folder, std::string directory_url) {
  if (auto made = make_folder(folder); !made) return made.error();

  struct stat status {};

  if (::stat(folder.c_str(), &status) != 0) return fail_errno(errno, folder);
  if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, "{}: is not a folder", folder);
  if ((status.st_mode & 077U) != 0)
    return fail(Errc::denied, "{}: mode {:04o} lets others at the account's key: chmod 700 {}",
                folder, status.st_mode & 07777U, folder);
  AccountFile file(std::move(folder), std::move(directory_url));
  if (auto url = file.url(); !url) return url.error();
  return file;
}

AccountFile::Lock::Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

AccountFile::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<AccountFile::Lock> AccountFile::lock(const Patience& patience) const {
  const std::string name = path("lock");
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return fail_errno(errno, name);
  Lock held(fd);
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno(errno, name);
    if (auto waited = pause(50ms, patience, name + ": held by another process"); !waited)
      return waited.error();
  }
  return held;
}

Result<KeyPtr> AccountFile::key() const {
  if (exists(path(kKey))) return read_key(path(kKey));
  if (exists(path(kAccount)))
    return fail(Errc::not_found,
                "{}: the account's key is gone ({} is there): restore it, or move {} away",
                path(kKey), kAccount, folder_);
  return write_new_key(path(kKey));
}

Result<std::string> AccountFile::url() const {
  const std::string name = path(kAccount);
  if (!exists(name)) return std::string();
  const auto text = base::read_file(name, kAccountBytesMax);
  if (!text) return text.error();
  const auto object = parse_object(*text, name);
  if (!object) return object.error();
  Fields fields(*object, name);
  const std::string directory = fields.url("directory");
  std::string url = fields.url("url");
  if (fields.error()) return *fields.error();
  if (directory != directory_url_)
    return fail(Errc::conflict, "{}: is the account at {}, not at {}", name, directory,
                directory_url_);
  return url;
}

Result<> AccountFile::save_url(const std::string& url) const {
  const json::object object{{"directory", directory_url_}, {"url", url}};
  return base::replace_file(path(kAccount), json::serialize(object) + "\n", kFileMode);
}

Result<KeyPtr> AccountFile::make_next_key() const {
  return write_new_key(path(kNextKey));
}

Result<std::optional<KeyPtr>> AccountFile::next_key() const {
  if (!exists(path(kNextKey))) return std::optional<KeyPtr>();
  auto key = read_key(path(kNextKey));
  if (!key) return key.error();
  return std::optional<KeyPtr>(std::move(*key));
}

Result<> AccountFile::adopt_next_key() const {
  if (::rename(path(kNextKey).c_str(), path(kKey).c_str()) != 0)
    return fail_errno(errno, path(kNextKey));
  return sync_folder(folder_);
}

Result<> AccountFile::drop_next_key() const {
  if (::unlink(path(kNextKey).c_str()) != 0 && errno != ENOENT)
    return fail_errno(errno, path(kNextKey));
  return sync_folder(folder_);
}

Result<> AccountFile::retire(base::WallTime now) const {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::string aside = path("retired-") + std::to_string(seconds);
  for (int again = 2; exists(aside); ++again)
    aside = path("retired-") + fmt::format("{}-{}", seconds, again);
  if (auto made = make_folder(aside); !made) return made;
  // The URL goes first: a key without one is looked up at the CA, an URL without its key is lost.
  for (const char* name : {kAccount, kKey}) {
    if (auto moved = move(path(name), aside + "/" + name); !moved) return moved;
  }
  if (auto synced = sync_folder(aside); !synced) return synced;
  return sync_folder(folder_);
}

}  // namespace ravelin::certs::acme
