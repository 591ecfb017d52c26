#include "gateway/config/route_conditions.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

using Conditions = std::vector<ValueCondition>;

void add_narrowness(const Conditions& conditions, ConditionRank& rank) {
  for (const ValueCondition& condition : conditions) {
    if (condition.test == ValueTest::exact) ++rank.exact;
    if (condition.test == ValueTest::prefix) rank.prefix_bytes += condition.value.size();
  }
}

// Both families on one scale: an IPv4 address is the last 32 of 128 bits.
std::size_t bits_of(const base::IpPrefix& prefix) {
  const std::size_t above = prefix.address.family == base::Family::ipv4 ? 96 : 0;
  return above + static_cast<std::size_t>(prefix.length);
}

bool may_share_value(const ValueCondition& a, const ValueCondition& b) {
  if (a.test == ValueTest::absent || b.test == ValueTest::absent) return a.test == b.test;
  if (a.test == ValueTest::present || b.test == ValueTest::present) return true;
  if (a.test == ValueTest::exact && b.test == ValueTest::exact) return a.value == b.value;
  if (a.test == ValueTest::exact) return a.value.starts_with(b.value);
  if (b.test == ValueTest::exact) return b.value.starts_with(a.value);
  return a.value.starts_with(b.value) || b.value.starts_with(a.value);
}

bool may_share_values(const Conditions& a, const Conditions& b, NameCase names) {
  return std::ranges::all_of(a, [&](const ValueCondition& mine) {
    const ValueCondition* theirs = find_condition(b, mine.name, names);
    return theirs == nullptr || may_share_value(mine, *theirs);
  });
}

bool may_share_client(const RouteMatch& a, const RouteMatch& b) {
  if (a.from.empty() || b.from.empty()) return true;
  return std::ranges::any_of(a.from, [&b](const base::IpPrefix& mine) {
    return std::ranges::any_of(
        b.from, [&mine](const base::IpPrefix& theirs) { return overlap(mine, theirs); });
  });
}

}  // namespace

const ValueCondition* find_condition(const Conditions& among, std::string_view name,
                                     NameCase names) {
  const auto found = std::ranges::find_if(among, [&](const ValueCondition& condition) {
    return names == NameCase::ignored ? base::iequals(condition.name, name)
                                      : condition.name == name;
  });
  return found == among.end() ? nullptr : &*found;
}

ConditionRank condition_rank(const RouteMatch& match) {
  ConditionRank rank;
  rank.headers = match.headers.size();
  rank.query = match.query.size();
  rank.conditions = rank.headers + rank.query + (match.from.empty() ? 0 : 1);
  add_narrowness(match.headers, rank);
  add_narrowness(match.query, rank);
  if (!match.from.empty())
    rank.from_bits = bits_of(*std::ranges::min_element(match.from, {}, bits_of));
  return rank;
}

bool may_share_request(const RouteMatch& a, const RouteMatch& b) {
  return may_share_values(a.headers, b.headers, NameCase::ignored) &&
         may_share_values(a.query, b.query, NameCase::counts) && may_share_client(a, b);
}

bool are_rivals(const RouteMatch& a, const RouteMatch& b) {
  if (a.methods.empty() != b.methods.empty()) return false;
  const bool share_method =
      a.methods.empty() || std::ranges::any_of(a.methods, [&b](const std::string& method) {
        return std::ranges::find(b.methods, method) != b.methods.end();
      });
  return share_method && condition_rank(a) == condition_rank(b) && may_share_request(a, b);
}

bool overlap(const base::IpPrefix& a, const base::IpPrefix& b) {
  return a.contains(b.address) || b.contains(a.address);
}

bool is_within(const base::IpPrefix& inner, const std::vector<base::IpPrefix>& outer) {
  return std::ranges::any_of(outer, [&inner](const base::IpPrefix& prefix) {
    return prefix.length <= inner.length && prefix.contains(inner.address);
  });
}

}  // namespace ravelin::gateway
