#include "gateway/balance/turn.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ravelin::gateway {
namespace {

// The bits of `number` mirrored behind the binary point, times 2^32: 0, 1/2, 1/4, 3/4, 1/8, …
std::uint64_t mirrored_fraction(std::uint32_t number) {
  std::uint64_t fraction = 0;
  for (int bit = 0; bit < 32; ++bit) {
    fraction = fraction << 1 | (number & 1);
    number >>= 1;
  }
  return fraction;
}

}  // namespace

void Turn::update(const TurnPlan& plan) {
  if (owed_.size() != plan.shares.size()) {
    owed_.assign(plan.shares.size(), 0.0);
    entries_.clear();
    has_started_ = {};
  }
  for (const Entry& entry : entries_) {
    const double owed = static_cast<double>(entry.credit) / static_cast<double>(total_);
    owed_[entry.server] = std::clamp(owed, -1.0, 1.0);
  }

  entries_.clear();
  total_ = 0;
  for (std::size_t i = 0; i < plan.shares.size(); ++i) {
    if (plan.shares[i] == 0) continue;
    entries_.push_back(
        {.credit = 0, .server = static_cast<std::uint32_t>(i), .share = plan.shares[i], .load = 0});
    total_ += plan.shares[i];
  }
  if (entries_.empty()) return;

  bool& has_started = has_started_[plan.group];
  if (!has_started) {
    has_started = true;
    return stagger();
  }
  std::int64_t sum = 0;
  for (Entry& entry : entries_) {
    entry.credit = std::llround(owed_[entry.server] * static_cast<double>(total_));
    sum += entry.credit;
  }
  // Only differences count; around zero they neither overflow nor meet the clamp.
  const std::int64_t mean = sum / static_cast<std::int64_t>(entries_.size());
  for (Entry& entry : entries_)
    entry.credit -= mean;
}

// Sets the credits as they are after a part of the turn: each server has had its share of those
// picks rounded down, and what is left went to those with the largest remainders.
void Turn::stagger() {
  std::int64_t unit = total_;  // the greatest common divisor of all shares
  for (const Entry& entry : entries_)
    unit = std::gcd(unit, std::int64_t{entry.share});
  const std::int64_t period = total_ / unit;
  const auto picks = static_cast<std::int64_t>(
      mirrored_fraction(start_) * static_cast<std::uint64_t>(period) >> 32);
  std::int64_t left = picks;
  std::vector<Entry*> by_remainder;
  for (Entry& entry : entries_) {
    const std::int64_t share = picks * (entry.share / unit);
    entry.credit = share % period * unit;
    left -= share / period;
    by_remainder.push_back(&entry);
  }
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [](const Entry* a, const Entry* b) { return a->credit > b->credit; });
  for (Entry* entry : std::span(by_remainder).first(static_cast<std::size_t>(left)))
    entry->credit -= total_;
}

std::size_t Turn::pick_any() {
  return next([](const Entry&) { return true; });
}

void Turn::undo_pick(std::size_t server) {
  for (Entry& entry : entries_) {
    entry.credit -= entry.share;
    if (entry.server == server) entry.credit += total_;
  }
}

}  // namespace ravelin::gateway
