// How the conditions of routes (match.headers, match.query, match.from) compare: which of two is
// the more specific, and whether one request can meet both. Shared by validate, the router and the
// explanation. Pure; any thread.
#pragma once

#include "gateway/config/match_config.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

// Greater wins: more conditions (`from` is one); of as many, more headers; then more
// query parameters; then the narrower ones: more exact values, longer prefixes,
// a smaller network in `from` (its widest counts).
struct ConditionRank {
  std::size_t conditions = 0;
  std::size_t headers = 0;
  std::size_t query = 0;
  std::size_t exact = 0;
  std::size_t prefix_bytes = 0;
  std::size_t from_bits = 0;

  friend auto operator<=>(const ConditionRank&, const ConditionRank&) = default;
};

// Routes with conditions for one host, path and kind of path: each of them is asked in turn.
inline constexpr std::size_t kConditionalRoutesMax = 64;

ConditionRank condition_rank(const RouteMatch& match);

inline bool has_conditions(const RouteMatch& match) {
  return !match.headers.empty() || !match.query.empty() || !match.from.empty();
}

enum class NameCase : std::uint8_t { counts, ignored };  // of parameters; of fields

// The condition on this name, or null.
const ValueCondition* find_condition(const std::vector<ValueCondition>& among,
                                     std::string_view name, NameCase names);

// Whether a request can meet the conditions of both.
bool may_share_request(const RouteMatch& a, const RouteMatch& b);

// Whether both may take the same request with the same precision, given equal host and path.
bool are_rivals(const RouteMatch& a, const RouteMatch& b);

bool overlap(const base::IpPrefix& a, const base::IpPrefix& b);

// Whether every address of `inner` is in one of `outer`.
bool is_within(const base::IpPrefix& inner, const std::vector<base::IpPrefix>& outer);

}  // namespace ravelin::gateway
