#include "gateway/tls/certificate_watcher.h"

#include "gateway/tls/path_links.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr std::uint32_t kEntryEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB;
constexpr std::uint32_t kSelfEvents = IN_DELETE_SELF | IN_MOVE_SELF;
// The watch itself is in doubt: look at everything again.
constexpr std::uint32_t kLostEvents = kSelfEvents | IN_Q_OVERFLOW | IN_UNMOUNT;

certs::FileStamp stamp_at(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? certs::stamp_of(status) : certs::FileStamp{};
}

certs::PairStamps stamps_at(const certs::PairFiles& files) {
  return {stamp_at(files.chain), stamp_at(files.key)};
}

}  // namespace

CertificateWatcher::CertificateWatcher(const std::vector<WatchedPair>& pairs,
                                       certs::LoadRules rules, const WatchTiming& timing,
                                       base::MonoTime now)
    : rules_(std::move(rules)),
      timing_(timing),
      next_look_(now + timing.look_every),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (inotify_ < 0) degraded_because_ = base::fail_errno(errno, "inotify").message;
  for (const auto& pair : pairs)
    pairs_.push_back({pair.files, PairWatch(pair.served, pair.stamps, timing)});
  watch_directories();
  // The files may have changed between their loading and now.
  look(now);
}

CertificateWatcher::~CertificateWatcher() {
  if (inotify_ >= 0) ::close(inotify_);
}

// Links may lead elsewhere since the last time, so the set of directories is made anew; a directory
// that stays keeps its watch descriptor.
void CertificateWatcher::watch_directories() {
  if (inotify_ < 0) return;
  degraded_because_.clear();
  std::unordered_map<int, std::vector<Interest>> fresh;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    for (const auto& file : {pairs_[i].files.chain, pairs_[i].files.key}) {
      for (auto& [directory, name] : entries_of(file)) {
        const int descriptor = ::inotify_add_watch(inotify_, directory.c_str(),
                                                   kEntryEvents | kSelfEvents | IN_ONLYDIR);
        if (descriptor >= 0)
          fresh[descriptor].push_back({std::move(name), i});
        else
          degraded_because_ = base::fail_errno(errno, "watching " + directory).message;
      }
    }
  }
  for (const auto& [descriptor, unused] : interests_)
    if (!fresh.contains(descriptor)) ::inotify_rm_watch(inotify_, descriptor);
  interests_ = std::move(fresh);
}

void CertificateWatcher::on_all(base::MonoTime now) {
  for (auto& pair : pairs_)
    pair.watch.on_event(now);
}

void CertificateWatcher::look(base::MonoTime now) {
  for (auto& pair : pairs_)
    pair.watch.on_look(stamps_at(pair.files), now);
}

void CertificateWatcher::on_entry(int descriptor, std::string_view name, base::MonoTime now) {
  const auto found = interests_.find(descriptor);
  if (found == interests_.end()) return;
  for (const auto& interest : found->second)
    if (interest.name == name) pairs_[interest.index].watch.on_event(now);
}

void CertificateWatcher::on_readable(base::MonoTime now) {
  if (inotify_ < 0) return;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t size = ::read(inotify_, buffer, sizeof buffer);
    if (size <= 0) return;
    for (ssize_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = buffer + at + sizeof event;
      if ((event.mask & kLostEvents) != 0)
        on_all(now);
      else if (event.len > 0)
        on_entry(event.wd, name, now);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

WatchOutcome CertificateWatcher::tick(base::MonoTime now, base::WallTime wall) {
  if (now >= next_look_) {
    next_look_ = now + timing_.look_every;
    look(now);
  }
  WatchOutcome outcome;
  std::size_t loaded = 0;
  for (std::size_t i = 0; i < pairs_.size() && loaded < kLoadsPerTick; ++i) {
    const auto due = pairs_[i].watch.due();
    if (!due || *due > now) continue;
    // First the watches, then the files: a change in between is an event.
    if (loaded++ == 0) watch_directories();
    load(i, wall, outcome);
  }
  return outcome;
}

void CertificateWatcher::load(std::size_t index, base::WallTime wall, WatchOutcome& outcome) {
  auto& [files, watch] = pairs_[index];
  certs::LoadedPair loaded = certs::load_pair(files, rules_, wall);
  switch (watch.on_loaded(loaded)) {
    case WatchVerdict::changed:
      outcome.changed.push_back({index, loaded.pair, loaded.stamps, std::move(loaded.findings)});
      break;
    case WatchVerdict::broken:
      outcome.broken.push_back({index, watch.broken_because()});
      break;
    case WatchVerdict::recovered:
      outcome.recovered.push_back(index);
      break;
    case WatchVerdict::unchanged:
    case WatchVerdict::still_broken:
      break;
  }
}

base::MonoTime CertificateWatcher::next_tick() const {
  base::MonoTime next = next_look_;
  for (const auto& pair : pairs_)
    if (const auto due = pair.watch.due(); due) next = std::min(next, *due);
  return next;
}

}  // namespace ravelin::gateway
