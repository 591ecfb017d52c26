// What the renewal keeps in mind of each certificate between its looks, so that a look reads those
// that changed and those that are due, however many there are. About a hundred bytes each and one
// pass over them a look; no text but the name. Pure; the renewal's thread.
#pragma once

#include "certs/issuer/issuer.h"
#include "certs/rotate/schedule.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// No certificate's files go without being read for longer.
inline constexpr std::chrono::hours kReadAgain{6};
// Nor does its CA go without being asked for its window.
inline constexpr std::chrono::hours kAskAgainMax{48};

struct BookEntry {
  std::string name;
  sys_seconds at = sys_seconds::max();  // due from then on; max: never, it has no issuer
  sys_seconds not_after{};              // of what is served; the epoch: nothing is
  sys_seconds read_by{};                // its files are looked at again by then
  // What the CA said last of `generation`, and when it is asked again.
  sys_seconds window_start{};
  sys_seconds window_end{};  // the epoch: it said nothing
  sys_seconds ask_again{};
  std::uint64_t generation = 0;
  bool is_unreadable = false;  // its files cannot be read, whatever is in them

  // Nothing of the CA's words but the two times.
  [[nodiscard]] std::optional<RenewalWindow> window() const;
  void set_window(const std::optional<RenewalWindow>& window);

  friend bool operator==(const BookEntry&, const BookEntry&) = default;
};

class RenewalBook {
 public:
  // In place of those of the same names. A name stands there once; any order.
  void take(std::vector<BookEntry> entries);
  // Sorted names; those that are not known are passed over.
  void drop(std::span<const std::string> names);

  // nullptr: not known. Until the next take() or drop().
  [[nodiscard]] const BookEntry* find(std::string_view name) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // Sorted by name.
  [[nodiscard]] std::span<const BookEntry> all() const { return entries_; }

  // What has nothing to serve first, then what ends soonest.
  [[nodiscard]] std::vector<std::string> due(sys_seconds now) const;
  // Those whose files are to be looked at again, the longest overdue first; `count` at most. One
  // that is further away than kReadAgain was written down before the clock was set back.
  [[nodiscard]] std::vector<std::string> to_read(sys_seconds now, std::size_t count) const;
  // Those whose CA is to be asked for its window, the longest overdue first. One that is further
  // away than kAskAgainMax was written down before the clock was set back.
  [[nodiscard]] std::vector<std::string> to_ask(sys_seconds now) const;
  // Those that are due next; `count` at most. Until the next take() or drop().
  [[nodiscard]] std::vector<const BookEntry*> soonest(std::size_t count) const;

 private:
  std::vector<BookEntry> entries_;  // sorted by name
};

}  // namespace ravelin::certs
