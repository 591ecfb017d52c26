#include "firewall/state/ban_book.h"

#include "policies/model/address_set.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::Family;
using base::IpPrefix;

constexpr int kHost4 = 32;
constexpr int kSite6 = 64, kWider6[] = {56, 48};
// Wider than these cuts off whole providers.
constexpr int kWidest4 = 8, kWidest6 = 32;

bool covers(const IpPrefix& wide, const IpPrefix& narrow) {
  return wide.length <= narrow.length && wide.address.family == narrow.address.family &&
         wide.contains(narrow.address);
}

// Nobody's own: what a whole link shares, groups, and what has no address yet.
const policies::AddressRanges& shared_addresses() {
  static const policies::AddressRanges all = [] {
    policies::AddressRanges ranges;
    for (const std::string_view text :
         {"0.0.0.0/32", "224.0.0.0/4", "::/128", "fe80::/10", "ff00::/8"})
      ranges.push_back(policies::range_of(*base::parse_prefix(text)));
    return ranges;
  }();
  return all;
}

// Whoever asks by hand counts for more than what is decided without one.
bool is_by_hand(std::string_view by) {
  return by != "gateway" && by != "escalation";
}

// What somebody said by hand of a ban that lasts still stands beside what the gateway says.
void keep_words(const Ban& known, Ban& ban) {
  if (!is_by_hand(known.by) || is_by_hand(ban.by)) return;
  ban.by = known.by;
  ban.reason = known.reason;
  ban.request_id = known.request_id;
}

bool is_live(const Ban& ban, sys_seconds now) {
  return now < ban.until;
}

sys_seconds forgotten_at(const Ban& ban) {
  return ban.until + (ban.until - ban.since);
}

}  // namespace

IpPrefix ban_target(const IpPrefix& prefix) {
  if (prefix.address.family == Family::ipv4 || prefix.length <= kSite6) return prefix;
  return {base::mask(prefix.address, kSite6), kSite6};
}

bool is_range(const IpPrefix& target) {
  return target.length < (target.address.family == Family::ipv4 ? kHost4 : kSite6);
}

std::vector<Ban> BanBook::set_rules(const policies::Bans& rules, policies::AddressRanges never) {
  rules_ = rules;
  never.insert(never.end(), rules.never.begin(), rules.never.end());
  never_ = policies::normalised(std::move(never));
  std::vector<Ban> gone;
  for (auto at = bans_.begin(); at != bans_.end();) {
    const bool is_gone = !check(at->first);
    if (is_gone) gone.push_back(at->second);
    at = is_gone ? take(at) : std::next(at);
  }
  return gone;
}

void BanBook::count_in(const IpPrefix& target, bool lasts) {
  Counts& counts = counts_[target.address.family == Family::ipv4 ? 0 : 1];
  for (std::size_t* count : {&counts.all, is_range(target) ? &counts.ranges : nullptr})
    if (count != nullptr) lasts ? ++*count : --*count;
}

// In place of what there is for its target.
void BanBook::put(Ban ban) {
  if (const auto known = bans_.find(ban.target); known != bans_.end()) take(known);
  lasting_.emplace(ban.until, ban.target);
  count_in(ban.target, true);
  const IpPrefix target = ban.target;
  bans_.emplace(target, std::move(ban));
}

BanBook::Entries::iterator BanBook::take(Entries::iterator at) {
  const auto& [target, ban] = *at;
  if (lasting_.erase({ban.until, target}) != 0)
    count_in(target, false);
  else
    ended_.erase({forgotten_at(ban), target});
  return bans_.erase(at);
}

Result<> BanBook::check(const IpPrefix& target) const {
  const policies::AddressRange range = policies::range_of(target);
  const policies::AddressRanges met =
      policies::intersection(policies::AddressRanges{range}, never_);
  if (!met.empty())
    return base::fail(
        Errc::denied,
        "{} is never banned: {} is on a list of `never`, of management or of this host",
        policies::to_string(range), policies::to_string(met.front()));
  const policies::AddressRanges shared =
      policies::intersection(policies::AddressRanges{range}, shared_addresses());
  if (!shared.empty())
    return base::fail(
        Errc::denied,
        "{} is never banned: {} is unspecified, multicast or link-local, and nobody's "
        "own",
        policies::to_string(range), policies::to_string(shared.front()));
  const int widest = target.address.family == Family::ipv4 ? kWidest4 : kWidest6;
  if (target.length < widest)
    return base::fail(Errc::invalid, "{} is too wide to ban (at least /{})",
                      base::to_string(target), widest);
  return {};
}

seconds BanBook::duration_of(const BanOrder& order, int times) const {
  if (order.duration)
    return is_by_hand(order.by) ? *order.duration : std::min(*order.duration, rules_.duration_max);
  seconds duration = rules_.duration;
  for (int i = 1; i < times && duration < rules_.duration_max; ++i)
    duration *= std::max(1, rules_.repeat_factor);
  return std::min(duration, rules_.duration_max);
}

bool BanBook::has_place_for(const IpPrefix& range, sys_seconds now) const {
  if (!is_range(range) || counts(range.address.family).ranges < kRangesMax) return true;
  const auto known = bans_.find(range);
  return known != bans_.end() && is_live(known->second, now);
}

Result<BanBook::Change> BanBook::ban(const BanOrder& order, sys_seconds now) {
  const IpPrefix target = ban_target(order.target);
  if (auto allowed = check(target); !allowed) return allowed.error();
  expire(now);
  const auto known = bans_.find(target);
  const bool is_more = known == bans_.end() || !is_live(known->second, now);
  if (is_more && counts(target.address.family).all >= rules_.size)
    return base::fail(Errc::unavailable,
                      "{} addresses are banned already, as many as bans.size allows", rules_.size);
  if (!has_place_for(target, now))
    return base::fail(Errc::unavailable,
                      "{} ranges are banned already, as many as the kernel takes: a feed in a rule "
                      "may name more",
                      kRangesMax);
  Ban ban{.target = target,
          .since = now,
          .reason = order.reason,
          .by = order.by,
          .request_id = order.request_id};
  if (known != bans_.end()) {
    // A ban asked for again while it lasts is the same offence; after it, one more.
    ban.times = known->second.times + (is_live(known->second, now) ? 0 : 1);
    if (is_live(known->second, now)) {
      ban.since = known->second.since;
      keep_words(known->second, ban);
    }
  }
  ban.until = now + duration_of(order, ban.times);
  if (known != bans_.end() && is_live(known->second, now))
    ban.until = std::max(ban.until, known->second.until);
  Change change{.ban = ban};
  if (known != bans_.end()) change.before.push_back(known->second);
  put(std::move(ban));
  return widen(std::move(change), order.by, now);
}

void BanBook::undo(const Change& change) {
  if (const auto known = bans_.find(change.ban.target); known != bans_.end()) take(known);
  for (const Ban& ban : change.before)
    put(ban);
}

std::size_t BanBook::live_below(const IpPrefix& wide, int length, sys_seconds now) const {
  std::size_t count = 0;
  for (auto at = bans_.lower_bound({wide.address, 0});
       at != bans_.end() && wide.contains(at->first.address); ++at)
    count += at->first.length == length && is_live(at->second, now) ? 1 : 0;
  return count;
}

BanBook::Change BanBook::widen(Change change, std::string_view by, sys_seconds now) {
  if (change.ban.target.address.family != Family::ipv6) return change;
  for (const int length : kWider6) {
    const IpPrefix narrow = change.ban.target;
    if (narrow.length <= length) continue;
    const IpPrefix wide{base::mask(narrow.address, length), length};
    if (live_below(wide, narrow.length, now) < kEscalateAt || !check(wide) ||
        !has_place_for(wide, now))
      return change;
    Ban ban = change.ban;
    ban.target = wide;
    ban.by = "escalation";
    for (auto at = bans_.lower_bound({wide.address, 0});
         at != bans_.end() && wide.contains(at->first.address);) {
      const Ban& known = at->second;
      // What was said by hand stays beside what the gateway's bans lead to.
      const bool is_kept = at->first != wide && !is_by_hand(by) && is_by_hand(known.by);
      if (!covers(wide, at->first) || is_kept) {
        ++at;
        continue;
      }
      ban.until = std::max(ban.until, known.until);
      if (at->first == wide && is_live(known, now)) keep_words(known, ban);
      change.replaced.push_back(at->first);
      if (at->first != narrow) change.before.push_back(at->second);
      at = take(at);
    }
    put(ban);
    change.ban = std::move(ban);
  }
  return change;
}

std::vector<Ban> BanBook::unban(const IpPrefix& target) {
  std::vector<Ban> gone;
  for (auto at = bans_.begin(); at != bans_.end();) {
    const bool is_meant = covers(target, at->first) || covers(at->first, target);
    if (is_meant) gone.push_back(at->second);
    at = is_meant ? take(at) : std::next(at);
  }
  return gone;
}

std::optional<Ban> BanBook::find(const base::IpAddress& address, sys_seconds now) const {
  const int bits = address.family == Family::ipv4 ? kHost4 : 128;
  for (int length = 0; length <= bits; ++length) {
    const auto found = bans_.find({base::mask(address, length), length});
    if (found != bans_.end() && is_live(found->second, now)) return found->second;
  }
  return std::nullopt;
}

std::optional<Ban> BanBook::find_request(std::string_view request_id, sys_seconds now) const {
  for (const auto& [target, ban] : bans_) {
    if (ban.request_id == request_id && is_live(ban, now)) return ban;
  }
  return std::nullopt;
}

std::size_t BanBook::expire(sys_seconds now) {
  while (!lasting_.empty() && lasting_.begin()->first <= now) {
    const IpPrefix target = lasting_.begin()->second;
    lasting_.erase(lasting_.begin());
    count_in(target, false);
    ended_.emplace(forgotten_at(bans_.at(target)), target);
  }
  const std::size_t most = std::max<std::size_t>(rules_.size, kRememberedMin);
  std::size_t forgotten = 0;
  for (; !ended_.empty() && (ended_.begin()->first <= now || ended_.size() > most); ++forgotten)
    take(bans_.find(ended_.begin()->second));
  return forgotten;
}

std::vector<Ban> BanBook::list(sys_seconds now) const {
  std::vector<Ban> live;
  for (const auto& [target, ban] : bans_) {
    if (is_live(ban, now)) live.push_back(ban);
  }
  return live;
}

std::vector<BannedRange> BanBook::ranges(Family family, sys_seconds now) const {
  std::vector<BannedRange> nested;
  for (const auto& [target, ban] : bans_) {
    if (target.address.family == family && is_range(target) && is_live(ban, now))
      nested.push_back({policies::range_of(target), ban.until});
  }
  return without_overlap(nested);
}

std::size_t BanBook::count(Family family, sys_seconds now) const {
  std::size_t lasting = counts(family).all;
  for (auto at = lasting_.begin(); at != lasting_.end() && at->first <= now; ++at)
    lasting -= at->second.address.family == family ? 1 : 0;
  return lasting;
}

}  // namespace ravelin::firewall
