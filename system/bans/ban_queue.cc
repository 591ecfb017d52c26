#include "system/bans/ban_queue.h"

#include <algorithm>

namespace ravelin::system {

using base::MonoTime;
using messages::BanRequest;

BanQueue::Push BanQueue::push(const BanRequest& request, MonoTime now) {
  Ban ban{request, now};
  if (const auto same = waiting_by_target_.find(request.target); same != waiting_by_target_.end()) {
    if (ban.until() > same->second->until()) *same->second = std::move(ban);
    return Push::merged;
  }
  if (waiting_.size() >= limits_.waiting_max) return Push::full;
  waiting_.push_back(std::move(ban));
  waiting_by_target_[request.target] = std::prev(waiting_.end());
  return Push::taken;
}

std::optional<BanQueue::Sending> BanQueue::next(MonoTime now, std::vector<BanRequest>& late) {
  while (!waiting_.empty() && flying_.size() < limits_.flying_max) {
    Ban ban = std::move(waiting_.front());
    waiting_by_target_.erase(ban.request.target);
    waiting_.pop_front();
    const auto left = std::chrono::ceil<std::chrono::seconds>(ban.until() - now);
    if (left.count() < 1) {
      if (!ban.is_told_again) late.push_back(std::move(ban.request));
      continue;
    }
    if (++last_id_ == 0) ++last_id_;
    Sending sending{last_id_, ban.request};
    sending.request.duration = left;
    flying_.insert_or_assign(last_id_, std::move(ban));
    return sending;
  }
  return std::nullopt;
}

std::optional<BanQueue::Settled> BanQueue::settle(std::uint32_t id, messages::Outcome outcome,
                                                  MonoTime now) {
  const auto found = flying_.find(id);
  if (found == flying_.end()) return std::nullopt;
  Ban ban = std::move(found->second);
  flying_.erase(found);
  if (outcome == messages::Outcome::done) {
    remember(ban, now);
  } else {
    known_.erase(ban.request.target);
  }
  if (ban.is_told_again) return std::nullopt;
  return Settled{std::move(ban.request), now - ban.asked};
}

// Without room it is not told again: the agent keeps bans on the disk, too.
void BanQueue::remember(const Ban& ban, MonoTime now) {
  if (known_.size() >= limits_.known_max)
    std::erase_if(known_, [now](const auto& entry) { return entry.second.until() <= now; });
  if (known_.size() < limits_.known_max || known_.contains(ban.request.target))
    known_.insert_or_assign(ban.request.target, ban);
}

void BanQueue::enqueue_front(Ban ban) {
  const base::IpPrefix target = ban.request.target;
  if (waiting_by_target_.contains(target)) return;
  waiting_.push_front(std::move(ban));
  waiting_by_target_[target] = waiting_.begin();
}

void BanQueue::begin_anew(MonoTime now) {
  for (auto& [id, ban] : flying_)
    enqueue_front(std::move(ban));
  flying_.clear();
  std::erase_if(known_, [now](const auto& entry) { return entry.second.until() <= now; });
  for (const auto& [target, ban] : known_) {
    if (waiting_by_target_.contains(target)) continue;
    waiting_.push_back(ban);
    waiting_.back().is_told_again = true;
    waiting_by_target_[target] = std::prev(waiting_.end());
  }
}

void BanQueue::forget(const base::IpPrefix& target) {
  known_.erase(target);
  const auto found = waiting_by_target_.find(target);
  if (found == waiting_by_target_.end()) return;
  waiting_.erase(found->second);
  waiting_by_target_.erase(found);
}

}  // namespace ravelin::system
