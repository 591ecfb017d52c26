#include "gateway/tls/path_watch.h"

#include "gateway/tls/path_links.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr std::uint32_t kEntryEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB;
constexpr std::uint32_t kSelfEvents = IN_DELETE_SELF | IN_MOVE_SELF;
// The watch itself is in doubt: look at everything again.
constexpr std::uint32_t kLostEvents = kSelfEvents | IN_Q_OVERFLOW | IN_UNMOUNT;

}  // namespace

PathWatch::PathWatch(Writes writes)
    : events_(kEntryEvents | (writes == Writes::all ? std::uint32_t{IN_MODIFY} : 0U)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (inotify_ < 0) degraded_because_ = base::fail_errno(errno, "inotify").message;
}

PathWatch::~PathWatch() {
  if (inotify_ >= 0) ::close(inotify_);
}

void PathWatch::watch(std::span<const Entry> entries) {
  if (inotify_ < 0) return;
  degraded_because_.clear();
  std::unordered_map<int, std::vector<Interest>> fresh;
  for (const Entry& entry : entries) {
    for (auto& [directory, name] : entries_of(entry.path)) {
      const int descriptor =
          ::inotify_add_watch(inotify_, directory.c_str(), events_ | kSelfEvents | IN_ONLYDIR);
      if (descriptor >= 0)
        fresh[descriptor].push_back({std::move(name), entry.index});
      else
        degraded_because_ = base::fail_errno(errno, "watching " + directory).message;
    }
  }
  for (const auto& [descriptor, unused] : interests_)
    if (!fresh.contains(descriptor)) ::inotify_rm_watch(inotify_, descriptor);
  interests_ = std::move(fresh);
}

void PathWatch::on_entry(int descriptor, std::string_view name,
                         const std::function<void(std::size_t)>& changed) const {
  const auto found = interests_.find(descriptor);
  if (found == interests_.end()) return;
  for (const auto& interest : found->second)
    if (interest.name == name) changed(interest.index);
}

void PathWatch::take_events(const std::function<void(std::size_t)>& changed) {
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
        changed(kAll);
      else if (event.len > 0)
        on_entry(event.wd, name, changed);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace ravelin::gateway
