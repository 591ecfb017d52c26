// PathWatch: tells which of a set of files something has happened to: inotify on every directory
// that decides what their paths mean. Knows nothing of their contents, nor of files whose changes
// the kernel does not tell (NFS): who needs those looks at certs::stamp_at() now and then. The
// control thread.
#pragma once

#include "certs/file.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

class PathWatch {
 public:
  // One file and the number it is known by; several may have one number.
  struct Entry {
    std::string_view path;  // absolute; borrowed for the call
    std::size_t index = 0;
  };

  // Also tell of every write to a file that is still open.
  enum class Writes : unsigned char { closed, all };

  // Never fails: without inotify (its limits are used up) nothing is told, and degraded_because()
  // says so.
  explicit PathWatch(Writes writes = Writes::closed);
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;
  ~PathWatch();

  // These from now on. To be called again whenever links on the way may lead elsewhere; a directory
  // that stays keeps its watch.
  void watch(std::span<const Entry> entries);

  // Calls `changed` with the number of each file that something happened to, as often as it did;
  // with kAll when it may have been any.
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);
  void take_events(const std::function<void(std::size_t)>& changed);

  [[nodiscard]] int fd() const { return inotify_; }  // -1: there is none

  [[nodiscard]] const std::string& degraded_because() const { return degraded_because_; }

 private:
  struct Interest {
    std::string name;  // of the directory entry
    std::size_t index;
  };

  void on_entry(int descriptor, std::string_view name,
                const std::function<void(std::size_t)>& changed) const;

  std::uint32_t events_;
  int inotify_;
  std::unordered_map<int, std::vector<Interest>> interests_;  // by watch descriptor
  std::string degraded_because_;
};

}  // namespace ravelin::gateway
