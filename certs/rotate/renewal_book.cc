#include "certs/rotate/renewal_book.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace ravelin::certs {
namespace {

// The first `count` of those for which `is_wanted`, by `key`.
template <class IsWanted, class Key>
std::vector<const BookEntry*> first_of(const std::vector<BookEntry>& entries, std::size_t count,
                                       IsWanted is_wanted, Key key) {
  std::vector<const BookEntry*> found;
  for (const BookEntry& entry : entries)
    if (is_wanted(entry)) found.push_back(&entry);
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(count, found.size()));
  std::ranges::partial_sort(found, end, {}, [&key](const BookEntry* entry) { return key(*entry); });
  found.erase(end, found.end());
  return found;
}

std::vector<std::string> names_of(const std::vector<const BookEntry*>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const BookEntry* entry : entries)
    names.push_back(entry->name);
  return names;
}

}  // namespace

std::optional<RenewalWindow> BookEntry::window() const {
  if (window_end == sys_seconds{}) return std::nullopt;
  return RenewalWindow{.start = window_start, .end = window_end};
}

void BookEntry::set_window(const std::optional<RenewalWindow>& window) {
  window_start = window ? std::chrono::floor<seconds>(window->start) : sys_seconds{};
  window_end = window ? std::chrono::floor<seconds>(window->end) : sys_seconds{};
}

void RenewalBook::take(std::vector<BookEntry> entries) {
  std::ranges::sort(entries, {}, &BookEntry::name);
  if (entries_.empty()) {
    entries_ = std::move(entries);
    entries_.shrink_to_fit();
    return;
  }
  const auto known = static_cast<std::ptrdiff_t>(entries_.size());
  for (BookEntry& entry : entries) {
    const auto end = entries_.begin() + known;
    const auto place =
        std::ranges::lower_bound(entries_.begin(), end, entry.name, {}, &BookEntry::name);
    if (place != end && place->name == entry.name)
      *place = std::move(entry);
    else
      entries_.push_back(std::move(entry));
  }
  std::ranges::inplace_merge(entries_, entries_.begin() + known, {}, &BookEntry::name);
}

void RenewalBook::drop(std::span<const std::string> names) {
  if (names.empty()) return;
  std::erase_if(entries_, [names](const BookEntry& entry) {
    return std::ranges::binary_search(names, entry.name);
  });
}

const BookEntry* RenewalBook::find(std::string_view name) const {
  const auto place = std::ranges::lower_bound(
      entries_, name, {}, [](const BookEntry& entry) { return std::string_view(entry.name); });
  return place == entries_.end() || place->name != name ? nullptr : &*place;
}

std::vector<std::string> RenewalBook::due(sys_seconds now) const {
  return names_of(first_of(
      entries_, size(), [now](const BookEntry& entry) { return entry.at <= now; },
      [](const BookEntry& entry) {
        return std::tuple(entry.not_after, entry.at, std::string_view(entry.name));
      }));
}

std::vector<std::string> RenewalBook::to_read(sys_seconds now, std::size_t count) const {
  return names_of(first_of(
      entries_, count,
      [now](const BookEntry& entry) {
        return entry.read_by <= now || entry.read_by > now + kReadAgain;
      },
      [](const BookEntry& entry) {
        return std::tuple(entry.read_by, std::string_view(entry.name));
      }));
}

std::vector<std::string> RenewalBook::to_ask(sys_seconds now) const {
  return names_of(first_of(
      entries_, size(),
      [now](const BookEntry& entry) {
        // Without an issuer, or with nothing served, there is no window.
        if (entry.at == sys_seconds::max() || entry.generation == 0) return false;
        return entry.ask_again <= now || entry.ask_again > now + kAskAgainMax;
      },
      [](const BookEntry& entry) {
        return std::tuple(entry.ask_again, entry.not_after, std::string_view(entry.name));
      }));
}

std::vector<const BookEntry*> RenewalBook::soonest(std::size_t count) const {
  return first_of(
      entries_, count, [](const BookEntry& entry) { return entry.at != sys_seconds::max(); },
      [](const BookEntry& entry) {
        return std::tuple(entry.at, entry.not_after, std::string_view(entry.name));
      });
}

}  // namespace ravelin::certs
