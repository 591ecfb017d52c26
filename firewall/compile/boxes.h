// The keys of one stratum, made disjoint: where clauses want the same key the first one has it.
// Pure; any thread.
#pragma once

#include "firewall/compile/stratify.h"
#include "firewall/ruleset/ruleset.h"

#include <vector>

namespace ravelin::firewall {

// A product of ranges. Dimensions the shape does not have are whole.
struct KeyBox {
  policies::AddressRange from, to;
  std::uint8_t protocol = 0;
  std::uint16_t first = 0, last = 65535;  // ports or ICMP types
  int rule = 0;

  [[nodiscard]] bool overlaps(const KeyBox& other) const;
};

struct Boxes {
  std::vector<KeyBox> boxes;  // disjoint
  // Places in Stratum::clauses of those that would be cut into too many pieces; their boxes are
  // left out, and they have to stand as plain rules.
  std::vector<std::size_t> refused;
};

inline constexpr std::size_t kPiecesMax = 4096;    // of one clause
inline constexpr std::size_t kBoxesMax = 500'000;  // of one stratum

Boxes disjoint_boxes(const Stratum& stratum);

// The fields of a shape's key, in the order of the key.
std::vector<Field> fields_of(const Shape& shape);

// The boxes as elements of verdict maps over those fields. `points` are whole keys, for a hash;
// `ranges` are for an interval set. Small ranges are written out as points.
struct KeyElements {
  std::vector<Element> points;
  std::vector<Element> ranges;
};

// `verdict_of` tells where a rule of the pair leads.
KeyElements elements_of(const Shape& shape, std::span<const KeyBox> boxes,
                        std::span<const Verdict> verdict_of);

}  // namespace ravelin::firewall
