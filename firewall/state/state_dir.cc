#include "firewall/state/state_dir.h"

#include "base/io/file.h"
#include "base/text.h"
#include "firewall/state/revision_info.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ravelin::firewall {
namespace {

using base::Errc;

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kSmallFile = 64 * 1024;

Result<> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return base::fail_errno(errno, "making " + path);
}

// Who can write here can change the firewall.
Result<> check_directory(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    base::Error error = base::fail_errno(errno, "looking at " + path);
    if (errno == ENOENT) error.code = Errc::not_found;
    return error;
  }
  if (!S_ISDIR(status.st_mode)) return base::fail(Errc::invalid, "{} is no directory", path);
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return base::fail(Errc::denied, "{} belongs to user {}; it has to be root's or this user's",
                      path, status.st_uid);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return base::fail(Errc::denied, "{} can be written by others (mode {:04o}); chmod 700 {}", path,
                      status.st_mode & 07777, path);
  return {};
}

std::string holder_of(const std::string& lock) {
  auto text = base::read_file(lock, kSmallFile);
  if (!text || text->empty()) return "another process";
  return std::string(base::trim(text->substr(0, text->find('\n'))));
}

Result<int> take_lock(const std::string& path) {
  const std::string lock = path + "/lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return base::fail_errno(errno, "opening " + lock);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    ::close(fd);
    if (why != EWOULDBLOCK) return base::fail_errno(why, "locking " + lock);
    return base::fail(Errc::conflict, "{} is in use by {}", path, holder_of(lock));
  }
  const std::string holder = fmt::format("process {}\n", ::getpid());
  // Only for the message above: nothing depends on it.
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, holder.data(), holder.size(), 0));
  return fd;
}

}  // namespace

StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

StateDir::~StateDir() {
  if (lock_ >= 0) ::close(lock_);
}

Result<StateDir> StateDir::open(const std::string& path) {
  if (auto made = make_directory(path); !made) return made.error();
  if (auto checked = check_directory(path); !checked) return checked.error();
  if (auto made = make_directory(path + "/revisions"); !made) return made.error();
  if (auto made = make_directory(path + "/feeds"); !made) return made.error();
  auto lock = take_lock(path);
  if (!lock) return lock.error();
  return StateDir(path, *lock);
}

Result<StateDir> StateDir::open_to_read(const std::string& path) {
  if (auto checked = check_directory(path); !checked) return checked.error();
  return StateDir(path, -1);
}

std::string StateDir::revision_path(std::uint64_t revision) const {
  return fmt::format("{}/revisions/{}", path_, revision);
}

std::vector<std::uint64_t> StateDir::numbers() const {
  std::vector<std::uint64_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/revisions", error)) {
    if (const auto number = base::parse_u64(entry.path().filename().string()); number)
      found.push_back(*number);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<RevisionInfo> StateDir::history() const {
  std::vector<RevisionInfo> list;
  for (const std::uint64_t number : numbers()) {
    const auto text = base::read_file(revision_path(number) + "/info.json", kSmallFile);
    if (!text) continue;
    if (auto info = parse_info(*text); info && info->number == number)
      list.push_back(std::move(*info));
  }
  return list;
}

Result<RevisionInfo> StateDir::add(const PolicyBundle& bundle, std::string by, std::string reason,
                                   std::chrono::sys_seconds now) {
  const std::vector<std::uint64_t> known = numbers();
  RevisionInfo info{.number = known.empty() ? 1 : known.back() + 1,
                    .hash = bundle.hash(),
                    .path = bundle.path,
                    .made = now,
                    .by = std::move(by),
                    .reason = std::move(reason)};
  const std::string folder = revision_path(info.number);
  if (auto made = make_directory(folder); !made) return made.error();
  // The record last: a revision without one is not there.
  auto done = base::replace_file(folder + "/bundle.json", format_bundle(bundle), kFileMode);
  if (done) done = base::replace_file(folder + "/info.json", format_info(info), kFileMode);
  if (!done) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return base::wrap(done.error(), "keeping the policy as a revision");
  }
  prune();
  return info;
}

void StateDir::prune() {
  const auto keep = confirmed();
  const auto waiting = pending();
  std::vector<std::uint64_t> all = numbers();
  if (!keep || !waiting) return;  // what is needed cannot be told
  for (std::size_t i = 0; i + kRevisionsMax < all.size(); ++i) {
    const bool is_needed =
        (*keep && **keep == all[i]) ||
        (*waiting && ((*waiting)->previous == all[i] || (*waiting)->revision == all[i]));
    std::error_code ignored;
    if (!is_needed) std::filesystem::remove_all(revision_path(all[i]), ignored);
  }
}

Result<PolicyBundle> StateDir::bundle(std::uint64_t revision) const {
  auto text = base::read_file(revision_path(revision) + "/bundle.json", kBundleBytesMax);
  if (!text && text.error().code == Errc::not_found)
    return base::fail(Errc::not_found, "there is no revision {} (ravelin firewall history)",
                      revision);
  if (!text) return text.error();
  auto bundle = parse_bundle(*text);
  if (!bundle) return base::wrap(bundle.error(), fmt::format("revision {}", revision));
  return bundle;
}

// Cut off between the two, the history shows the hash of before; nothing is decided by that.
Result<> StateDir::renew(std::uint64_t revision, const PolicyBundle& bundle) {
  const std::string folder = revision_path(revision);
  auto done = base::replace_file(folder + "/bundle.json", format_bundle(bundle), kFileMode);
  for (RevisionInfo& info : history()) {
    if (!done || info.number != revision) continue;
    info.hash = bundle.hash();
    done = base::replace_file(folder + "/info.json", format_info(info), kFileMode);
  }
  return done;
}

Result<std::optional<std::uint64_t>> StateDir::confirmed() const {
  auto text = read("confirmed", kSmallFile);
  if (!text) return text.error();
  if (!*text) return std::optional<std::uint64_t>();
  const auto number =
      base::parse_u64(base::trim(std::string_view(**text).substr(0, (*text)->find('\n'))));
  if (!number)
    return base::fail(Errc::invalid, "{}/confirmed does not hold the number of a revision", path_);
  return std::optional<std::uint64_t>(*number);
}

Result<> StateDir::confirm(std::uint64_t revision) {
  return replace("confirmed", fmt::format("{}\n", revision));
}

Result<> StateDir::forget_confirmed() {
  if (::unlink((path_ + "/confirmed").c_str()) == 0 || errno == ENOENT) return {};
  return base::fail_errno(errno, "removing " + path_ + "/confirmed");
}

Result<std::optional<Pending>> StateDir::pending() const {
  auto text = read("pending", kSmallFile);
  if (!text) return text.error();
  if (!*text) return std::optional<Pending>();
  auto parsed = parse_pending(**text);
  if (!parsed) return base::wrap(parsed.error(), path_ + "/pending");
  return std::optional<Pending>(std::move(*parsed));
}

Result<> StateDir::set_pending(const Pending& pending) {
  return replace("pending", format_pending(pending));
}

Result<> StateDir::clear_pending() {
  if (::unlink((path_ + "/pending").c_str()) != 0 && errno != ENOENT)
    return base::fail_errno(errno, "removing " + path_ + "/pending");
  const int directory = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return base::fail_errno(errno, "opening " + path_);
  const int done = ::fsync(directory);
  const int why = errno;
  ::close(directory);
  return done == 0 ? Result<>() : Result<>(base::fail_errno(why, "syncing " + path_));
}

Result<std::optional<std::string>> StateDir::read(const std::string& name,
                                                  std::size_t bytes_max) const {
  auto text = base::read_file(path_ + "/" + name, bytes_max);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == Errc::not_found) return std::optional<std::string>();
  return text.error();
}

Result<> StateDir::replace(const std::string& name, std::string_view content) {
  return base::replace_file(path_ + "/" + name, content, kFileMode);
}

Result<> StateDir::keep_feed(const std::string& name, std::string_view content) {
  if (auto done = replace("feeds/" + name, content); !done) return done;
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> all;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_ + "/feeds", ignored))
    all.emplace_back(entry.last_write_time(ignored), entry.path());
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i + kFeedsMax < all.size(); ++i)
    std::filesystem::remove(all[i].second, ignored);
  return {};
}

}  // namespace ravelin::firewall
