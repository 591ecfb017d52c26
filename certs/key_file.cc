#include "certs/key_file.h"

#include "base/text.h"
#include "certs/validate_chain.h"

#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

std::string group_name(gid_t group) {
  std::array<char, 4096> buffer{};

  struct group entry {};
  struct group* found = nullptr;
  if (::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return {};
  return found->gr_name;
}

// A folder that others may write to lets them put another key there (a sticky one does not).
void check_folder(const std::string& path, Findings& out) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";

  struct stat status {};

  if (::stat(folder.c_str(), &status) != 0) return;
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    out.error(PairCode::key_perms,
              "{}: its folder {} has mode {:04o}, so every user can replace the key: chmod o-w {}",
              path, folder, status.st_mode & 07777U, folder);
}

}  // namespace

std::vector<PairFinding> judge_key_mode(const std::string& path, const struct stat& status,
                                        const std::string& group_name, uid_t effective_user,
                                        const KeyFileRules& rules) {
  Findings out;
  const unsigned mode = status.st_mode & 07777U;
  const auto listed = [](const auto& list, const auto& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if ((mode & 07U) != 0)
    out.error(PairCode::key_perms,
              "{}: mode {:04o} gives every user access to the private key: chmod 600 {}", path,
              mode, path);
  else if ((mode & 030U) != 0)
    out.error(PairCode::key_perms,
              "{}: mode {:04o} lets a group write or run the private key: chmod 600 {}", path, mode,
              path);
  else if ((mode & 040U) != 0 && listed(rules.groups, group_name))
    out.warn(PairCode::key_perms, "{}: mode {:04o} lets the group {} read the private key", path,
             mode, group_name);
  else if ((mode & 040U) != 0)
    out.error(PairCode::key_perms,
              "{}: mode {:04o} lets the group {} read the private key (allowed: {}): chmod 600 {}",
              path, mode, group_name.empty() ? std::to_string(status.st_gid) : group_name,
              rules.groups.empty() ? "none" : base::join(rules.groups, ", "), path);
  if (status.st_uid != 0 && status.st_uid != effective_user && !listed(rules.owners, status.st_uid))
    out.error(PairCode::key_perms,
              "{}: belongs to uid {}, who can change it: chown it to root or to the user that runs "
              "the gateway",
              path, status.st_uid);
  return std::move(out.list);
}

KeyFile::KeyFile(KeyFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), status_(other.status_) {}

KeyFile::~KeyFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<KeyFile> KeyFile::open(const std::string& path) {
  // O_NONBLOCK: a FIFO in this place must not hang us.
  KeyFile file(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd_ < 0 || ::fstat(file.fd_, &file.status_) != 0) return base::fail_errno(errno, path);
  if (!S_ISREG(file.status_.st_mode)) return fail(Errc::invalid, "{}: is not a regular file", path);
  return file;
}

std::vector<PairFinding> KeyFile::check(const KeyFileRules& rules) const {
  Findings out;
  out.list = judge_key_mode(path_, status_, group_name(status_.st_gid), ::geteuid(), rules);
  check_folder(path_, out);

  struct stat link {};

  if (::lstat(path_.c_str(), &link) == 0 && S_ISLNK(link.st_mode))
    out.warn(PairCode::key_perms, "{}: is a symbolic link: its target decides who reads the key",
             path_);
  return std::move(out.list);
}

Result<std::string> KeyFile::read() const {
  // Never a short string, whose bytes would stay behind where it was moved from.
  constexpr off_t kBytesMin = 64;
  std::string text(
      static_cast<std::size_t>(std::clamp<off_t>(status_.st_size, kBytesMin, kPemBytesMax)) + 1,
      '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == text.size()) text.resize(std::min(text.size() * 2, kPemBytesMax + 1));
    const ssize_t got = ::read(fd_, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_errno(errno, path_);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > kPemBytesMax) return fail(Errc::invalid, "{}: is larger than 1 MiB", path_);
  }
  text.resize(size);
  return text;
}

Result<std::string> read_guarded_text(const std::string& path) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  if (const auto findings = file->check({.groups = {}}); has_errors(findings))
    return base::fail(base::Errc::denied, "{}", to_string(findings));
  return file->read();
}

}  // namespace ravelin::certs
