#include "firewall/compile/boxes.h"

#include "firewall/compile/box_index.h"

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
        boxes.push_back({source,
                         target,
                         term.protocol,
                         term.first,
                         term.last,
                         {clause.rule},
                         !clause.falls_through});
    }
  }
  return boxes;
}

KeyBox intersection(const KeyBox& a, const KeyBox& b) {
  KeyBox both = a;
  both.from = {std::max(a.from.first, b.from.first), std::min(a.from.last, b.from.last)};
  both.to = {std::max(a.to.first, b.to.first), std::min(a.to.last, b.to.last)};
  both.first = std::max(a.first, b.first);
  both.last = std::min(a.last, b.last);
  return both;
}

// Disjoint boxes, and what clauses do to them.
class Cutter {
 public:
  explicit Cutter(const Stratum& stratum)
      : index_(index_for(stratum)),
        pieces_max_(kPiecesMax[static_cast<std::size_t>(stratum.layer)]) {}

  // Whether it took not too many pieces; if it did, nothing has changed.
  bool add(const Clause& clause) {
    const std::size_t before = boxes_.size();
    const std::vector<KeyBox> asked = wanted(clause);
    asked_ = asked.size();
    killed_.clear();
    for (const KeyBox& box : asked) {
      if (add(box, before)) continue;
      for (std::size_t i = before; i < boxes_.size(); ++i)
        is_alive_[i] = false;
      for (const std::size_t id : killed_)
        is_alive_[id] = id < before;
      return false;
    }
    return true;
  }

  std::vector<KeyBox> take() && {
    std::vector<KeyBox> left;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      if (is_alive_[i]) left.push_back(std::move(boxes_[i]));
    }
    return left;
  }

 private:
  bool add(const KeyBox& box, std::size_t before) {
    std::vector<KeyBox> pieces{box}, cut;
    for (const std::size_t id : index_.near(box)) {
      if (!is_alive_[id] || !boxes_[id].overlaps(box)) continue;
      const KeyBox taken = boxes_[id];
      cut.clear();
      for (const KeyBox& piece : pieces) {
        if (taken.overlaps(piece))
          subtract(piece, taken, cut);
        else
          cut.push_back(piece);
      }
      pieces.swap(cut);
      if (!taken.is_decided && taken.rules.back() != box.rules.front()) lead_on(id, taken, box);
      if (pieces.size() + boxes_.size() - before > pieces_max_ + asked_) return false;
    }
    for (KeyBox& piece : pieces)
      put(std::move(piece));
    return boxes_.size() <= kBoxesMax;
  }

  // The common part of a box that is not decided and a later one leads to the rules of both.
  void lead_on(std::size_t id, const KeyBox& open, const KeyBox& later) {
    KeyBox both = intersection(open, later);
    std::vector<KeyBox> left;
    subtract(open, both, left);
    both.rules.push_back(later.rules.front());
    both.is_decided = later.is_decided;
    is_alive_[id] = false;
    killed_.push_back(id);
    put(std::move(both));
    for (KeyBox& piece : left)
      put(std::move(piece));
  }

  void put(KeyBox box) {
    index_.add(boxes_.size(), box);
    boxes_.push_back(std::move(box));
    is_alive_.push_back(true);
  }

  BoxIndex index_;
  std::size_t pieces_max_;
  std::size_t asked_ = 0;  // boxes of the clause being added, which are no pieces
  std::vector<KeyBox> boxes_;
  std::vector<bool> is_alive_;
  std::vector<std::size_t> killed_;  // by the clause being added
};

}  // namespace

bool KeyBox::overlaps(const KeyBox& other) const {
  return protocol == other.protocol && first <= other.last && other.first <= last &&
         overlap(from, other.from) && overlap(to, other.to);
}

Boxes disjoint_boxes(const Stratum& stratum) {
  Boxes result;
  Cutter cutter(stratum);
  for (std::size_t i = 0; i < stratum.clauses.size(); ++i) {
    if (!cutter.add(stratum.clauses[i])) result.refused.push_back(i);
  }
  result.boxes = std::move(cutter).take();
  return result;
}

}  // namespace ravelin::firewall
