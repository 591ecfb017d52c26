#include "firewall/state/banned_ranges.h"

namespace ravelin::firewall {
namespace {

using base::IpAddress;

// Goes through the ranges from the lowest address on. Those that are open hold each other, and each
// ends later than the one around it: what ends no later is covered.
class Sweep {
 public:
  void begin(const BannedRange& next) {
    end_before(next.range.first);
    if (!open_.empty()) {
      if (open_.back().until >= next.until) return;
      if (at_ < next.range.first)
        parts_.push_back({{at_, policies::previous(next.range.first)}, open_.back().until});
    }
    at_ = next.range.first;
    open_.push_back(next);
  }

  std::vector<BannedRange> finish() && {
    while (!open_.empty())
      end_last();
    return std::move(parts_);
  }

 private:
  void end_before(const IpAddress& address) {
    while (!open_.empty() && open_.back().range.last < address)
      end_last();
  }

  void end_last() {
    const BannedRange ended = open_.back();
    open_.pop_back();
    if (is_behind_all_) return;
    if (at_ <= ended.range.last) parts_.push_back({{at_, ended.range.last}, ended.until});
    at_ = policies::next(ended.range.last);
    is_behind_all_ = at_ == ended.range.last;  // there is none behind the highest
  }

  std::vector<BannedRange> open_, parts_;
  IpAddress at_;  // what is below has its parts
  bool is_behind_all_ = false;
};

}  // namespace

std::vector<BannedRange> without_overlap(std::span<const BannedRange> nested) {
  Sweep sweep;
  for (const BannedRange& range : nested)
    sweep.begin(range);
  return std::move(sweep).finish();
}

}  // namespace ravelin::firewall
