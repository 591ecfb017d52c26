// Sets of packets as lists of boxes: what is left of one when others are taken away. Every work
// has a bound; beyond it the answer is "undecided", never a wrong one. Pure; any thread.
#pragma once

#include "policies/space/box.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ravelin::policies {

// Disjoint boxes.
using Region = std::vector<Box>;

// How much a question may cost: boxes looked at, in all. Questions share one by reference.
struct Effort {
  std::uint64_t boxes_left = 50'000'000;

  // False when it is used up.
  bool spend() { return boxes_left != 0 && boxes_left-- != 0; }
};

struct Coverage {
  enum class Answer { covered, open, undecided };

  Answer answer = Answer::covered;
  std::optional<Box> open;        // a part that none of the boxes meets
  std::vector<std::size_t> used;  // indices of the boxes that cover it, ascending; when covered

  [[nodiscard]] bool is_covered() const { return answer == Answer::covered; }

  [[nodiscard]] bool is_open() const { return answer == Answer::open; }
};

// Whether `by` together hold all of `boxes` (which may overlap). Looks depth first and stops at the
// first part that is open, so only what is covered costs the whole search.
Coverage coverage(std::span<const Box> boxes, std::span<const Box> by, Effort& effort);

// What is left of `boxes` without `what`, disjoint if `boxes` are. Empty optional: more than
// `boxes_max` boxes, or the effort is used up.
std::optional<Region> difference(std::span<const Box> boxes, std::span<const Box> what,
                                 std::size_t boxes_max, Effort& effort);

Region intersection(std::span<const Box> a, std::span<const Box> b);

// The same packets in fewer boxes: joins neighbours that differ in one field. For reading, so
// beyond 2,000 boxes it leaves them as they are.
Region merged(Region region);

}  // namespace ravelin::policies
