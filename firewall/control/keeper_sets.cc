// What the keeper puts into sets that no policy fills: bans and feeds.
#include "firewall/compile/key_bytes.h"
#include "firewall/control/feed_change.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"
#include "firewall/diff/change.h"

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::Family;
using std::chrono::milliseconds;

constexpr Family kFamilies[] = {Family::ipv4, Family::ipv6};

std::string_view range_set(Family family) {
  return family == Family::ipv4 ? set_names::kBan4Net : set_names::kBan6Net;
}

std::string_view ban_set(const base::IpPrefix& target) {
  if (is_range(target)) return range_set(target.address.family);
  return target.address.family == Family::ipv4 ? set_names::kBan4 : set_names::kBan6;
}

milliseconds time_left(sys_seconds until, sys_seconds now) {
  return std::max<milliseconds>(until - now, std::chrono::seconds(1));
}

// Of one that is no range.
Element ban_element(const base::IpPrefix& target) {
  return {.key = address_bytes(target.address)};
}

Element ban_element(const Ban& ban, sys_seconds now) {
  Element element = ban_element(ban.target);
  element.timeout = time_left(ban.until, now);
  return element;
}

std::vector<Element> range_elements(const BanBook& bans, Family family, sys_seconds now) {
  std::vector<Element> elements;
  for (const BannedRange& part : bans.ranges(family, now)) {
    Element element{.key = address_bytes(part.range.first)};
    element.key_end = address_bytes(part.range.last);
    element.timeout = time_left(part.until, now);
    elements.push_back(std::move(element));
  }
  return elements;
}

// A set may have become smaller than the book, or the clock been set back: those that last longest.
void append_elements(const Set& set, std::vector<Element> elements, Transaction& steps) {
  const std::size_t most = set.is_interval ? set.size / 2 : set.size;
  if (most != 0 && elements.size() > most) {
    const auto end = elements.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(elements.begin(), end, elements.end(),
                     [](const Element& a, const Element& b) { return a.timeout > b.timeout; });
    elements.erase(end, elements.end());
  }
  if (!elements.empty()) steps.emplace_back(AddElements{set.name, std::move(elements)});
}

base::Error own_refusal(const base::IpPrefix& target) {
  return base::fail(Errc::denied, "{} is never banned: it is an address of this host",
                    base::to_string(target.address));
}

bool is_same(const FeedBlocks& a, const FeedBlocks& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && a[i]->keys != b[i]->keys) return false;
  }
  return true;
}

// Takes a set from one content to the other by elements; false: it is to be filled anew.
bool change_block(const std::string& set, const KeyBlock& from, const KeyBlock& to,
                  Transaction& steps) {
  auto change = feed_change(from, to);
  if (!change) return false;
  if (!change->removed.empty()) steps.emplace_back(RemoveElements{set, std::move(change->removed)});
  if (change->added.count() != 0)
    steps.emplace_back(AddBlock{set, std::make_shared<const KeyBlock>(std::move(change->added))});
  return true;
}

}  // namespace

void Keeper::append_feeds(const Candidate& wanted, const Ruleset& placed_now,
                          Transaction& steps) const {
  for (const auto& [name, blocks] : wanted.feeds) {
    const auto loaded = loaded_.find(name);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const Set* set = standing(placed_now, feed_set_name(name, static_cast<FeedPart>(i)));
      if (set == nullptr) continue;
      const bool is_kept = !is_new(live_, *set);
      const bool is_known = is_kept && loaded != loaded_.end();
      if (is_known && change_block(set->name, *loaded->second[i], *blocks[i], steps)) continue;
      if (is_kept) steps.emplace_back(FlushSet{set->name});
      if (blocks[i]->count() != 0) steps.emplace_back(AddBlock{set->name, blocks[i]});
    }
  }
}

void Keeper::append_bans(const Ruleset& placed_now, Refill refill, Transaction& steps) const {
  const sys_seconds now = times_.wall();
  std::map<std::string_view, std::vector<Element>> elements;
  for (const Ban& ban : bans_.list(now)) {
    if (!is_range(ban.target)) elements[ban_set(ban.target)].push_back(ban_element(ban, now));
  }
  for (const Family family : kFamilies)
    elements[range_set(family)] = range_elements(bans_, family, now);
  for (const std::string_view name :
       {set_names::kBan4, set_names::kBan4Net, set_names::kBan6, set_names::kBan6Net}) {
    const Set* set = standing(placed_now, name);
    if (set == nullptr || (refill == Refill::new_sets && !is_new(live_, *set))) continue;
    if (!is_new(live_, *set)) steps.emplace_back(FlushSet{set->name});
    append_elements(*set, std::move(elements[name]), steps);
  }
}

Result<std::vector<std::string>> Keeper::refresh_feeds() {
  std::vector<std::string> changed;
  if (live_revision_ == 0 || !policy_) return changed;
  for (const policies::Feed& feed : policy_->feeds) {
    if (!feeds_.is_due(feed)) continue;
    const auto blocks = feeds_.blocks(feed);
    const auto loaded = loaded_.find(feed.name);
    if (blocks && *blocks && (loaded == loaded_.end() || !is_same(**blocks, loaded->second)))
      changed.push_back(feed.name);
  }
  if (changed.empty()) return changed;
  if (auto done = put_again(); !done) return done.error();
  return changed;
}

std::map<std::string, std::string> Keeper::feed_troubles() const {
  std::map<std::string, std::string> troubles;
  if (!policy_) return troubles;
  for (const policies::Feed& feed : policy_->feeds) {
    if (std::string trouble = feeds_.trouble_with(feed); !trouble.empty())
      troubles.emplace(feed.name, std::move(trouble));
  }
  return troubles;
}

// What the kernel does not have cannot be taken out of it, and may have ended a moment ago.
void Keeper::take_out(std::string_view name, const Element& element, SetChanges& changes) {
  const Set* set = standing(*live_, name);
  if (set == nullptr) return;
  const auto there = kernel_.find(set->name, element.key);
  if (there && *there) changes.removed[set->name].push_back(element);
}

void Keeper::put_in(std::string_view name, Element element, SetChanges& changes) const {
  const Set* set = standing(*live_, name);
  if (set != nullptr) changes.added[set->name].push_back(std::move(element));
}

// Ranges of a family may hold each other: all of them anew.
void Keeper::append_ranges(const std::set<Family>& families, Transaction& steps) const {
  for (const Family family : families) {
    const Set* set = standing(*live_, range_set(family));
    if (set == nullptr) continue;
    steps.emplace_back(FlushSet{set->name});
    append_elements(*set, range_elements(bans_, family, times_.wall()), steps);
  }
}

Transaction Keeper::lift_steps(const std::vector<Ban>& lifted) {
  SetChanges changes;
  std::set<Family> ranges;
  for (const Ban& ban : lifted) {
    if (is_range(ban.target))
      ranges.insert(ban.target.address.family);
    else
      take_out(ban_set(ban.target), ban_element(ban.target), changes);
  }
  Transaction steps = steps_of(std::move(changes));
  append_ranges(ranges, steps);
  return steps;
}

Transaction Keeper::ban_steps(const std::vector<BanBook::Change>& changes) {
  std::map<base::IpPrefix, const Ban*> last;  // of several orders for one target
  std::set<base::IpPrefix> gone;
  for (const BanBook::Change& change : changes) {
    for (const base::IpPrefix& target : change.replaced) {
      last.erase(target);
      gone.insert(target);
    }
    gone.insert(change.ban.target);
    last[change.ban.target] = &change.ban;
  }
  SetChanges elements;
  std::set<Family> ranges;
  for (const base::IpPrefix& target : gone) {
    if (is_range(target))
      ranges.insert(target.address.family);
    else
      take_out(ban_set(target), ban_element(target), elements);
  }
  for (const auto& [target, ban] : last) {
    if (!is_range(target)) put_in(ban_set(target), ban_element(*ban, times_.wall()), elements);
  }
  Transaction steps = steps_of(std::move(elements));
  append_ranges(ranges, steps);
  return steps;
}

// A policy's lists of `never` hold for bans that are there already, and so do this host's own links
// of IPv6, whose neighbours it needs.
void Keeper::let_go(const policies::Policy& policy) {
  policies::AddressRanges never;
  if (policy.management) never = policy.management->from.ranges;
  for (const policies::AddressRange& own : never_) {
    constexpr int kLink = 64;
    if (own.first.family == Family::ipv6)
      never.push_back(policies::range_of({base::mask(own.first, kLink), kLink}));
  }
  const std::vector<Ban> lifted = bans_.set_rules(policy.bans, std::move(never));
  if (lifted.empty()) return;
  to_lift_.insert(to_lift_.end(), lifted.begin(), lifted.end());
  if (const auto done = lift_rest(); !done)
    note("bans the policy does not allow are not lifted yet: " + done.error().message);
}

// What is banned again meanwhile stays so.
Result<> Keeper::lift_rest() {
  const std::vector<Ban> banned = bans_.list(times_.wall());
  std::erase_if(to_lift_, [&](const Ban& lifted) {
    return std::any_of(banned.begin(), banned.end(),
                       [&](const Ban& ban) { return ban.target == lifted.target; });
  });
  const Transaction steps = live_ ? lift_steps(to_lift_) : Transaction();
  if (!steps.empty()) {
    if (auto done = kernel_.apply(steps, {}); !done) return done;
  }
  to_lift_.clear();
  return {};
}

// A range of IPv4 around an address of this host may well be banned: what this host sends to itself
// is let through before any ban.
bool Keeper::is_own(const base::IpPrefix& target) const {
  const int bits = target.address.family == Family::ipv4 ? 32 : 128;
  return target.length == bits && policies::contains(never_, target.address);
}

Result<> Keeper::may_ban(const base::IpPrefix& target) const {
  if (is_own(target)) return own_refusal(target);
  return bans_.may_ban(target);
}

Result<std::optional<Keeper::BanInKernel>> Keeper::find_in_kernel(const Ban& ban) {
  using Maybe = std::optional<BanInKernel>;
  const Set* set = live_ ? standing(*live_, ban_set(ban.target)) : nullptr;
  if (set == nullptr) return Maybe();
  const auto found = kernel_.find(set->name, address_bytes(ban.target.address));
  if (!found) return found.error();
  if (!*found) return Maybe();
  return Maybe(BanInKernel{set->name, (*found)->expires});
}

Result<Ban> Keeper::ban(const BanOrder& order) {
  auto all = ban_all({order});
  if (!all) return all.error();
  return std::move(all->front());
}

Result<std::vector<Result<Ban>>> Keeper::ban_all(const std::vector<BanOrder>& orders) {
  auto answers = ban_together(orders);
  if (answers || answers.error().code != Errc::kernel || orders.size() == 1) return answers;
  // What the kernel does not take of one must not cost the others theirs.
  std::vector<Result<Ban>> each;
  each.reserve(orders.size());
  for (const BanOrder& order : orders) {
    auto alone = ban_together({order});
    each.push_back(alone ? std::move(alone->front()) : Result<Ban>(alone.error()));
  }
  return each;
}

Result<std::vector<Result<Ban>>> Keeper::ban_together(const std::vector<BanOrder>& orders) {
  if (!live_)
    return base::fail(Errc::not_found,
                      "there is no table to ban in; apply a policy first (ravelin firewall apply)");
  std::vector<Result<Ban>> answers;
  std::vector<BanBook::Change> changes;
  for (const BanOrder& order : orders) {
    auto change = is_own(order.target) ? Result<BanBook::Change>(own_refusal(order.target))
                                       : bans_.ban(order, times_.wall());
    if (change) {
      answers.emplace_back(change->ban);
      changes.push_back(std::move(*change));
    } else {
      answers.emplace_back(change.error());
    }
  }
  const Transaction steps = ban_steps(changes);
  if (steps.empty()) return answers;
  if (auto done = kernel_.apply(steps, {}); !done) {
    for (auto change = changes.rbegin(); change != changes.rend(); ++change)
      bans_.undo(*change);
    return base::wrap(done.error(), "nothing was banned");
  }
  for (const BanBook::Change& change : changes)
    if (fresh_.size() < kFreshBansMax) fresh_.push_back(change.ban.target);
  return answers;
}

Result<std::vector<Ban>> Keeper::unban(const base::IpPrefix& target) {
  std::vector<Ban> lifted = bans_.unban(ban_target(target));
  if (!live_) return lifted;
  const Transaction steps = lift_steps(lifted);
  if (steps.empty()) return lifted;
  if (auto done = kernel_.apply(steps, {}); !done) return base::wrap(done.error(), "unbanning");
  return lifted;
}

Result<> Keeper::save_bans() {
  return state_.replace("bans.json", bans_.format());
}

}  // namespace ravelin::firewall
