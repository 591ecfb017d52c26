// A set of packets cut into pieces that a pair of zones treats alike. Pure; any thread.
#pragma once

#include "policies/analyse/pair.h"

#include <optional>

namespace ravelin::policies {

// Both: it depends on more than the packet's own fields.
struct Outcome {
  bool may_allow = false;
  bool may_block = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// What decides in a pair, one after the other, as plain boxes.
struct Decision {
  Box box;
  bool is_allow = false;
  bool is_certain = false;  // else it may also not match
};

struct Decisions {
  std::vector<Decision> list;
  Outcome end;
};

struct Piece {
  Box box;
  Outcome outcome;
};

enum class Essential { counted, left_out };  // ICMPv6 that passes before the rules

// What becomes of a path that no rule decides: of a pair, or of interfaces that are in no zone.
enum class Way { to_host, through, from_host };
Way way_of(ZoneId from, ZoneId to);
bool is_governed(const Policy& policy, Way way);
Outcome end_of(const Policy& policy, Way way);

// Empty: too large.
std::optional<Decisions> decisions_of(const Pair& pair, Essential essential);

// The pieces are disjoint if `boxes` are. Empty: more than `pieces_max`, or the effort is used up.
std::optional<std::vector<Piece>> pieces_of(std::span<const Box> boxes, const Decisions& decisions,
                                            std::size_t pieces_max, Effort& effort);

}  // namespace ravelin::policies
