#include "firewall/control/feed_change.h"

#include "base/check.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ravelin::firewall {
namespace {

constexpr std::size_t kShare = 4;        // at most one of so many is different
constexpr std::size_t kAlwaysFew = 256;  // or so many

// A block as a list of entries of `stride` bytes, which compare like the numbers they are.
struct Entries {
  explicit Entries(const KeyBlock& block)
      : stride(std::size_t{block.key_bytes} * (block.is_interval ? 2 : 1)),
        at(block.keys.data()),
        end(block.keys.data() + block.keys.size()) {}

  [[nodiscard]] bool is_over() const { return at == end; }

  const std::uint8_t* take() { return std::exchange(at, at + stride); }

  std::size_t stride;
  const std::uint8_t* at;
  const std::uint8_t* end;
};

// Entries that only one of them has, in order, each given to `gone` or `fresh`; these say whether
// to go on.
template <class Gone, class Fresh>
bool walk(Entries from, Entries to, const Gone& gone, const Fresh& fresh) {
  while (!from.is_over() || !to.is_over()) {
    const int order = from.is_over() ? 1
                      : to.is_over() ? -1
                                     : std::memcmp(from.at, to.at, from.stride);
    if (order == 0) {
      from.take();
      to.take();
    } else if (order < 0 ? !gone(from.take()) : !fresh(to.take())) {
      return false;
    }
  }
  return true;
}

Element element_of(const std::uint8_t* entry, const KeyBlock& block) {
  Element element{.key = Bytes(entry, entry + block.key_bytes)};
  if (block.is_interval)
    element.key_end = Bytes(entry + block.key_bytes, entry + std::size_t{2} * block.key_bytes);
  return element;
}

}  // namespace

std::optional<FeedChange> feed_change(const KeyBlock& from, const KeyBlock& to) {
  CHECK(from.key_bytes == to.key_bytes && from.is_interval == to.is_interval);
  const std::size_t most = std::max(to.count() / kShare, kAlwaysFew);
  std::size_t different = 0;
  const auto count = [&](const std::uint8_t* /*entry*/) { return ++different <= most; };
  if (!walk(Entries(from), Entries(to), count, count)) return std::nullopt;
  FeedChange change{{}, {to.key_bytes, to.is_interval, {}}};
  const std::size_t stride = Entries(to).stride;
  walk(
      Entries(from), Entries(to),
      [&](const std::uint8_t* entry) {
        change.removed.push_back(element_of(entry, from));
        return true;
      },
      [&](const std::uint8_t* entry) {
        change.added.keys.insert(change.added.keys.end(), entry, entry + stride);
        return true;
      });
  return change;
}

}  // namespace ravelin::firewall
