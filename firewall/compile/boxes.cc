#include "firewall/compile/boxes.h"

#include "firewall/compile/key_bytes.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using policies::AddressRange;

AddressRange whole(const Shape& shape) {
  return policies::everything(shape.family.value_or(base::Family::ipv4));
}

bool overlap(const AddressRange& a, const AddressRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

// What of `box` lies outside `cut` (they overlap), as disjoint boxes: the parts below and above in
// one dimension after the other.
void subtract(KeyBox box, const KeyBox& cut, std::vector<KeyBox>& pieces) {
  const auto split = [&](AddressRange KeyBox::*side) {
    AddressRange& range = box.*side;
    const AddressRange& by = cut.*side;
    if (range.first < by.first) {
      KeyBox below = box;
      (below.*side).last = policies::previous(by.first);
      pieces.push_back(below);
      range.first = by.first;
    }
    if (by.last < range.last) {
      KeyBox above = box;
      (above.*side).first = policies::next(by.last);
      pieces.push_back(above);
      range.last = by.last;
    }
  };
  split(&KeyBox::from);
  split(&KeyBox::to);
  if (box.first < cut.first) {
    pieces.push_back(box);
    pieces.back().last = static_cast<std::uint16_t>(cut.first - 1);
  }
  if (cut.last < box.last) {
    pieces.push_back(box);
    pieces.back().first = static_cast<std::uint16_t>(cut.last + 1);
  }
}

// Whether `box` could be cut down by all earlier boxes without too many pieces; they stand in
// `pieces`.
bool cut_down(const KeyBox& box, std::span<const KeyBox> earlier, std::vector<KeyBox>& pieces) {
  pieces.assign(1, box);
  std::vector<KeyBox> cut;
  for (const KeyBox& taken : earlier) {
    if (!taken.overlaps(box)) continue;
    cut.clear();
    for (const KeyBox& piece : pieces) {
      if (taken.overlaps(piece))
        subtract(piece, taken, cut);
      else
        cut.push_back(piece);
    }
    pieces.swap(cut);
    if (pieces.size() > kPiecesMax) return false;
    if (pieces.empty()) return true;
  }
  return true;
}

// The boxes a clause asks for.
std::vector<KeyBox> wanted(const Clause& clause) {
  const AddressRanges all{whole(clause.shape)};
  const AddressRanges& from = clause.shape.has_from ? clause.from : all;
  const AddressRanges& to = clause.shape.has_to ? clause.to : all;
  std::vector<ServiceTerm> terms = clause.terms;
  if (terms.empty()) terms.push_back({0, 0, 65535});
  std::vector<KeyBox> boxes;
  for (const ServiceTerm& term : terms) {
    for (const AddressRange& source : from) {
      for (const AddressRange& target : to)
        boxes.push_back({source, target, term.protocol, term.first, term.last, clause.rule});
    }
  }
  return boxes;
}

bool add_clause(const Clause& clause, std::vector<KeyBox>& taken) {
  const std::size_t before = taken.size();
  std::vector<KeyBox> pieces;
  for (const KeyBox& box : wanted(clause)) {
    const bool is_small = cut_down(box, taken, pieces);
    if (!is_small || taken.size() - before + pieces.size() > kPiecesMax * 4 ||
        taken.size() + pieces.size() > kBoxesMax) {
      taken.resize(before);
      return false;
    }
    taken.insert(taken.end(), pieces.begin(), pieces.end());
  }
  return true;
}

}  // namespace

bool KeyBox::overlaps(const KeyBox& other) const {
  return protocol == other.protocol && first <= other.last && other.first <= last &&
         overlap(from, other.from) && overlap(to, other.to);
}

Boxes disjoint_boxes(const Stratum& stratum) {
  Boxes result;
  for (std::size_t i = 0; i < stratum.clauses.size(); ++i) {
    if (!add_clause(stratum.clauses[i], result.boxes)) result.refused.push_back(i);
  }
  return result;
}

}  // namespace ravelin::firewall
