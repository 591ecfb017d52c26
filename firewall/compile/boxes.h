// The keys of one stratum, made disjoint: where several clauses want a key it leads to their rules
// one after the other, up to the first that decides. So clauses that may not decide share a lookup
// with those behind them. Pure; any thread.
#pragma once

#include "firewall/compile/stratify.h"
#include "firewall/ruleset/ruleset.h"

#include <functional>
#include <vector>

namespace ravelin::firewall {

// A product of ranges. Dimensions the shape does not have are whole.
struct KeyBox {
  policies::AddressRange from, to;
  std::uint8_t protocol = 0;
  std::uint16_t first = 0, last = 65535;  // ports or ICMP types
  std::vector<int> rules;                 // that a packet of it meets, in order
  bool is_decided = true;                 // by the last of them; else the way goes on

  [[nodiscard]] bool overlaps(const KeyBox& other) const;
};

struct Boxes {
  std::vector<KeyBox> boxes;  // disjoint
  // Places in Stratum::clauses of those that would be cut into too many pieces; their boxes are
  // left out, and they have to stand elsewhere.
  std::vector<std::size_t> refused;
};

// That one clause adds, by layer: what is wide and comes late is cut into many pieces, but into few
// behind those it overlaps.
inline constexpr std::size_t kPiecesMax[] = {32, 256, 16'384};
inline constexpr int kLayers = 3;
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

// `verdict_of` tells where the rules of a box lead.
using VerdictOf = std::function<Verdict(const std::vector<int>& rules)>;
KeyElements elements_of(const Shape& shape, std::span<const KeyBox> boxes,
                        const VerdictOf& verdict_of);

}  // namespace ravelin::firewall
