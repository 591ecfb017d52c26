#include "certs/store/lease.h"

#include "base/io/file.h"
#include "base/text.h"
#include "base/utc.h"
#include "certs/store/json_members.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr std::size_t kRecordMax = 4096;
constexpr std::chrono::minutes kAheadMax{10};
constexpr int kLockTurns = 1000;  // ten seconds
constexpr std::chrono::milliseconds kLockPause{10};
constexpr std::string_view kWhat = "the record of a lease";

std::string first_line(const std::string& path) {
  const auto text = base::read_file(path, kRecordMax);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

// Field 22 of /proc/PID/stat, behind the name in brackets; 0 = no such process.
std::uint64_t start_of(int pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  std::string_view rest(line);
  const std::size_t bracket = rest.rfind(')');
  if (bracket == std::string_view::npos) return 0;
  rest.remove_prefix(bracket + 1);
  constexpr int kFieldsBetween = 20;
  for (int i = 0; i < kFieldsBetween; ++i) {
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) return 0;
    rest.remove_prefix(space + 1);
  }
  const auto ticks = base::parse_u64(rest.substr(0, rest.find(' ')));
  return ticks ? *ticks : 0;
}

// The record's file, locked against everyone else for as long as this lives.
class LockedRecord {
 public:
  static Result<std::unique_ptr<LockedRecord>> open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return base::fail_errno(errno, "opening " + path);
    std::unique_ptr<LockedRecord> locked(new LockedRecord(path, fd));
    // Held for a few writes at a time: one that does not let go is stopped, or its disk hangs.
    for (int i = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (errno != EWOULDBLOCK && errno != EINTR) return base::fail_errno(errno, "locking " + path);
      if (i == kLockTurns) return locked->stuck();
      std::this_thread::sleep_for(kLockPause);
    }
    return locked;
  }

  LockedRecord(const LockedRecord&) = delete;
  LockedRecord& operator=(const LockedRecord&) = delete;

  ~LockedRecord() { ::close(fd_); }

  // Someone stopped in the middle of a write; nothing is safe before it has gone on or is gone.
  [[nodiscard]] base::Error stuck() const {
    const auto record = read();
    if (!record || record->holder.pid == 0)
      return base::fail(Errc::conflict, "{} is locked by a process that does not go on", path_);
    return base::fail(
        Errc::conflict,
        "{} is locked by process {} on {} ({}), which does not go on: let it, or kill it", path_,
        record->holder.pid, record->holder.node, record->holder.doing);
  }

  // A file without a record is one that nobody has had.
  [[nodiscard]] Result<LeaseRecord> read() const {
    std::string text(kRecordMax, '\0');
    const ssize_t got = ::pread(fd_, text.data(), text.size(), 0);
    if (got < 0) return base::fail_errno(errno, "reading " + path_);
    text.resize(static_cast<std::size_t>(got));
    if (base::trim(text).empty()) return LeaseRecord{};
    auto record = parse_lease(text);
    if (!record) return base::wrap(record.error(), path_);
    return record;
  }

  // Shorter records are filled with spaces to the longer one before: no moment without a record.
  [[nodiscard]] Result<> write(const LeaseRecord& record) const {
    std::string text = format_lease(record);
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    if (before > static_cast<off_t>(text.size()))
      text.append(static_cast<std::size_t>(before) - text.size(), ' ');
    if (::pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
        ::fsync(fd_) != 0)
      return base::fail_errno(errno, "writing " + path_);
    return {};
  }

 private:
  LockedRecord(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_;
};

sys_seconds now() {
  return floor<seconds>(base::wall_now());
}

base::Error held_by(const LeaseRecord& record, const std::string& path) {
  return base::fail(Errc::conflict,
                    "{} is held by process {} on {} ({}) since {}, until {} at the latest", path,
                    record.holder.pid, record.holder.node, record.holder.doing,
                    base::utc_text(record.since), base::utc_text(record.expires));
}

base::Error lost_to(const LeaseRecord& record, const std::string& path) {
  return base::fail(Errc::conflict,
                    "{}: the lease has gone to process {} on {} ({}) since {}; nothing of this "
                    "change is kept",
                    path, record.holder.pid, record.holder.node, record.holder.doing,
                    base::utc_text(record.since));
}

}  // namespace

LeaseHolder this_process(std::string doing) {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
  return {name[0] == '\0' ? "localhost" : name, first_line("/proc/sys/kernel/random/boot_id"),
          ::getpid(), start_of(::getpid()), std::move(doing)};
}

std::string format_lease(const LeaseRecord& record) {
  const json::object object{{"fence", record.fence},
                            {"node", record.holder.node},
                            {"boot_id", record.holder.boot_id},
                            {"pid", record.holder.pid},
                            {"started", record.holder.started},
                            {"doing", record.holder.doing},
                            {"since", record.since.time_since_epoch().count()},
                            {"expires", record.expires.time_since_epoch().count()}};
  return json::serialize(object) + "\n";
}

Result<LeaseRecord> parse_lease(std::string_view text) {
  auto members = JsonMembers::parse(text, kWhat);
  if (!members) return members.error();
  LeaseRecord record;
  record.fence = members->number("fence");
  record.holder.node = members->text("node");
  record.holder.boot_id = members->text("boot_id");
  record.holder.pid = static_cast<int>(members->number("pid"));
  record.holder.started = members->number("started");
  record.holder.doing = members->text("doing");
  record.since = members->time("since");
  record.expires = members->time("expires");
  if (auto whole = members->whole(); !whole) return whole.error();
  return record;
}

bool is_free(const LeaseRecord& record, const LeaseHolder& asking, bool holder_lives,
             sys_seconds now) {
  // A process renews its lease for a minute at a time: only a wrong clock writes what is further
  // ahead. Machines whose clocks differ by less respect each other; whoever is robbed nevertheless
  // finds a higher fence.
  if (record.expires <= now || record.expires > now + kAheadMax) return true;
  const bool is_same_machine =
      record.holder.node == asking.node && record.holder.boot_id == asking.boot_id;
  if (is_same_machine) return !holder_lives;
  // The same machine before its last start: its processes are gone.
  return record.holder.node == asking.node;
}

Result<std::unique_ptr<Lease>> Lease::take(const std::string& path, const LeaseHolder& holder,
                                           seconds lasts) {
  auto locked = LockedRecord::open(path);
  if (!locked) return locked.error();
  const auto before = (*locked)->read();
  if (!before) return before.error();
  const bool lives =
      before->holder.pid > 0 && start_of(before->holder.pid) == before->holder.started;
  if (!is_free(*before, holder, lives, now())) return held_by(*before, path);
  const LeaseRecord record{before->fence + 1, holder, now(), now() + lasts};
  if (auto written = (*locked)->write(record); !written) return written.error();
  return std::unique_ptr<Lease>(new Lease(path, record, lasts));
}

Lease::Lease(std::string path, LeaseRecord record, seconds lasts)
    : path_(std::move(path)),
      lasts_(lasts),
      record_(std::move(record)),
      renewer_([this] { keep_renewed(); }) {}

Lease::~Lease() {
  {
    const std::lock_guard guard(mutex_);
    is_done_ = true;
  }
  wake_.notify_all();
  renewer_.join();
  record_.expires = {};
  auto locked = LockedRecord::open(path_);
  if (!locked) return;
  const auto found = (*locked)->read();
  // Best effort: a lease that is not given back expires, or its process is found to be gone.
  if (found && found->fence == record_.fence)
    static_cast<void>(!(*locked)->write(record_).has_value());
}

void Lease::keep_renewed() {
  std::unique_lock guard(mutex_);
  while (!wake_.wait_for(guard, std::chrono::milliseconds(lasts_) / 3, [this] { return is_done_; }))
    if (!renew()) return;
}

// A lease that has gone to another is not taken back: while_held() will say so.
Result<> Lease::renew() {
  auto locked = LockedRecord::open(path_);
  if (!locked) return {};
  const auto found = (*locked)->read();
  if (!found || found->fence != record_.fence)
    return base::fail(Errc::conflict, "{}: the lease is another's", path_);
  record_.expires = now() + lasts_;
  // A full disk now may be a free one at the next turn.
  static_cast<void>(!(*locked)->write(record_).has_value());
  return {};
}

Result<> Lease::while_held(const std::function<Result<>()>& step) {
  const std::lock_guard guard(mutex_);
  auto locked = LockedRecord::open(path_);
  if (!locked) return locked.error();
  const auto found = (*locked)->read();
  if (!found) return found.error();
  if (found->fence != record_.fence) return lost_to(*found, path_);
  return step();
}

}  // namespace ravelin::certs
