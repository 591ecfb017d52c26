// What a pair of zones does with a set of packets: the first of them that may be allowed, or may be
// denied. Pure; any thread.
#pragma once

#include "policies/analyse/pair.h"

#include <optional>

namespace ravelin::policies {

struct Reached {
  enum class Answer { none, some, undecided };

  Answer answer = Answer::none;
  std::optional<Box> box;      // such packets
  const Rule* rule = nullptr;  // that decides them; none: essential ICMPv6, or the pair's end
  bool is_essential = false;
};

// Packets of `asked` that may be allowed. Essential ICMPv6 counts.
Reached may_be_allowed(const Pair& pair, std::span<const Box> asked, Effort& effort);

// Packets of `asked` that no rule may decide: what stands before the pair's end takes them.
Reached may_be_left(const Pair& pair, std::span<const Box> asked, Effort& effort);

// Packets of `asked` that may be denied or rejected.
Reached may_be_denied(const Pair& pair, std::span<const Box> asked, Effort& effort);

}  // namespace ravelin::policies
