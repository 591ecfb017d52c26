#include "policies/space/region.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

struct Part {
  Box box;
  std::size_t behind;  // boxes before this one do not meet it any more
};

enum class Step { covered, open, split, exhausted };

// Goes on to the first box that meets the part; splits it there.
Step advance(Part& part, std::span<const Box> by, std::vector<Box>& pieces, Effort& effort) {
  for (; part.behind < by.size(); ++part.behind) {
    if (!effort.spend()) return Step::exhausted;
    const Box& box = by[part.behind];
    if (!overlaps(part.box, box)) continue;
    if (contains(box, part.box)) return Step::covered;
    pieces.clear();
    subtract(part.box, box, pieces);
    return Step::split;
  }
  return Step::open;
}

bool touch(const AddressRange& a, const AddressRange& b) {
  return a.first.family == b.first.family && a.last < b.first && next(a.last) == b.first;
}

template <class T>
bool touch(const Span<T>& a, const Span<T>& b) {
  return a.last < b.first && static_cast<T>(a.last + 1) == b.first;
}

template <class Range>
bool join(Box& a, const Box& b, Range Box::*field) {
  Box as_b = a;
  as_b.*field = b.*field;
  if (!(as_b == b)) return false;
  if (touch(a.*field, b.*field)) {
    (a.*field).last = (b.*field).last;
    return true;
  }
  if (!touch(b.*field, a.*field)) return false;
  (a.*field).first = (b.*field).first;
  return true;
}

bool join_interfaces(Box& a, const Box& b) {
  Box as_b = a;
  as_b.interfaces = b.interfaces;
  if (!(as_b == b)) return false;
  a.interfaces |= b.interfaces;
  return true;
}

bool join(Box& a, const Box& b) {
  return join(a, b, &Box::ports) || join(a, b, &Box::protocols) || join(a, b, &Box::source) ||
         join(a, b, &Box::destination) || join_interfaces(a, b);
}

// One round; true when something was joined.
bool join_neighbours(Region& region) {
  bool has_joined = false;
  for (std::size_t i = 0; i < region.size(); ++i) {
    for (std::size_t j = i + 1; j < region.size();) {
      if (join(region[i], region[j])) {
        region.erase(region.begin() + static_cast<std::ptrdiff_t>(j));
        has_joined = true;
      } else {
        ++j;
      }
    }
  }
  return has_joined;
}

}  // namespace

Coverage coverage(std::span<const Box> boxes, std::span<const Box> by, Effort& effort) {
  std::vector<bool> used(by.size());
  std::vector<Part> parts;
  std::vector<Box> pieces;
  for (const Box& box : boxes) {
    parts.assign(1, {box, 0});
    while (!parts.empty()) {
      Part part = parts.back();
      parts.pop_back();
      switch (advance(part, by, pieces, effort)) {
        case Step::exhausted:
          return {.answer = Coverage::Answer::undecided};
        case Step::open:
          return {.answer = Coverage::Answer::open, .open = part.box};
        case Step::covered:
          used[part.behind] = true;
          break;
        case Step::split:
          used[part.behind] = true;
          for (const Box& piece : pieces)
            parts.push_back({piece, part.behind + 1});
          break;
      }
    }
  }
  Coverage all;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) all.used.push_back(i);
  }
  return all;
}

std::optional<Region> difference(std::span<const Box> boxes, std::span<const Box> what,
                                 std::size_t boxes_max, Effort& effort) {
  std::vector<Part> parts;
  for (const Box& box : boxes)
    parts.push_back({box, 0});
  Region left;
  std::vector<Box> pieces;
  while (!parts.empty()) {
    Part part = parts.back();
    parts.pop_back();
    const Step step = advance(part, what, pieces, effort);
    if (step == Step::exhausted) return std::nullopt;
    if (step == Step::open) left.push_back(part.box);
    if (step == Step::split) {
      for (const Box& piece : pieces)
        parts.push_back({piece, part.behind + 1});
    }
    if (left.size() > boxes_max) return std::nullopt;
  }
  return left;
}

Region intersection(std::span<const Box> a, std::span<const Box> b) {
  Region both;
  for (const Box& one : a) {
    for (const Box& other : b) {
      if (const auto common = intersection(one, other)) both.push_back(*common);
    }
  }
  return both;
}

Region merged(Region region) {
  constexpr std::size_t kBoxesMax = 2000;
  if (region.size() > kBoxesMax) return region;
  while (join_neighbours(region)) {
  }
  return region;
}

}  // namespace ravelin::policies
