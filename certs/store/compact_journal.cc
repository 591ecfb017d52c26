#include "certs/store/compact_journal.h"

#include "base/io/file.h"
#include "certs/store/durable.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace ravelin::certs {
namespace {

constexpr std::size_t kTextMax = std::size_t{256} * 1024 * 1024;

// Nobody appends while it is there (record_lines.h).
class LockedFile {
 public:
  explicit LockedFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)), error_(fd_ < 0 ? errno : 0) {
    while (error_ == 0 && ::flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) error_ = errno;

    struct stat here {};

    struct stat there {};

    is_current_ = error_ == 0 && ::fstat(fd_, &here) == 0 && ::lstat(path.c_str(), &there) == 0 &&
                  here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  }

  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  ~LockedFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int error() const { return error_; }

  // Whether the path still means it.
  [[nodiscard]] bool is_current() const { return is_current_; }

 private:
  int fd_;
  int error_;
  bool is_current_ = false;
};

std::uint64_t other_id(std::uint64_t known) {
  std::uint64_t id = 0;
  while (id == 0 || id == known)
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) id = known + 1;
  return id;
}

// Lines of the part that is cut off whose change nothing in the whole text closes.
std::string unclosed_lines(std::string_view body, std::size_t cut) {
  std::map<std::string, std::string> open;  // by certificate: its line
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find('\n', at);
    if (end == std::string_view::npos) break;
    if (const auto line = parse_line(body.substr(at, end - at)); line) {
      if (line->event != JournalEvent::begin)
        open.erase(line->name);
      else if (at < cut)
        open[line->name] = format_line(*line);
    }
    at = end + 1;
  }
  std::string lines;
  for (const auto& [name, line] : open)
    lines += line + "\n";
  return lines;
}

// What stands in the new file; "" = it is not worth it.
std::string compacted(std::string_view text, const JournalHead& head, const JournalPlace& needed,
                      const CompactionRules& rules) {
  // Half a line at the end is one that was never written.
  text = text.substr(0, text.rfind('\n') + 1);
  if (text.size() < head.bytes + rules.keep_bytes) return {};
  std::uint64_t cut = text.size() - rules.keep_bytes;
  if (const auto place = head.find(needed, text.size()); place) {
    // Only one file before is remembered.
    if (needed.id != head.id) return {};
    cut = std::min(cut, *place);
  }
  cut = cut == 0 ? 0 : text.rfind('\n', cut - 1) + 1;
  if (cut < head.bytes + std::max<std::uint64_t>(rules.cut_bytes, 1)) return {};
  return format_head(other_id(head.id), {head.id, cut}) + std::string(text.substr(cut)) +
         unclosed_lines(text.substr(head.bytes), cut - head.bytes);
}

}  // namespace

Result<bool> compact_journal(const std::string& path, const JournalPlace& needed,
                             const CompactionRules& rules) {
  const LockedFile lock(path);
  if (lock.error() != 0) return base::fail_errno(lock.error(), "opening " + path);
  if (!lock.is_current()) return false;  // someone was faster
  const auto text = base::read_file(path, kTextMax);
  if (!text) return text.error();
  const auto head = parse_head(std::string_view(*text).substr(0, kJournalHeadBytesMax));
  if (!head) return base::wrap(head.error(), path);
  const std::string next = compacted(*text, *head, needed, rules);
  if (next.empty()) return false;
  const std::string staged = path + ".cut";
  if (::unlink(staged.c_str()) != 0 && errno != ENOENT)
    return base::fail_errno(errno, "removing " + staged);
  auto done = write_new_file(staged, next, 0600);
  if (done) done = move_to(staged, path);
  if (!done) return done.error();
  return true;
}

}  // namespace ravelin::certs
