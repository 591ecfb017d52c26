#include "gateway/route/explain.h"

#include "base/text.h"
#include "gateway/config/route_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace ravelin::gateway {
namespace {

// Greater is more specific.
auto specificity(const RouteMatch& match) {
  const bool is_wildcard = match.host.starts_with("*.");
  const int host_rank = match.host.empty() ? 0 : is_wildcard ? 1 : 2;
  const auto labels = is_wildcard ? std::ranges::count(match.host, '.') : 0;
  const std::size_t prefix_bytes = match.path == "/" ? 0 : match.path.size();
  return std::tuple(host_rank, labels, match.path_is_exact, prefix_bytes, !match.methods.empty(),
                    condition_rank(match));
}

bool takes_host(std::string_view wanted, std::string_view host) {
  if (wanted.empty()) return true;
  if (!wanted.starts_with("*.")) return wanted == host;
  wanted.remove_prefix(1);
  return host.size() > wanted.size() && host.ends_with(wanted);
}

bool takes_path(const RouteMatch& match, std::string_view path) {
  if (match.path_is_exact) return path == match.path;
  if (!path.starts_with('/')) return false;
  if (match.path.empty()) return true;
  if (!path.starts_with(match.path)) return false;
  return path.size() == match.path.size() || match.path.ends_with('/') ||
         path[match.path.size()] == '/';
}

bool takes_method(const RouteMatch& match, std::string_view method) {
  return match.methods.empty() || std::ranges::find(match.methods, method) != match.methods.end();
}

std::string describe_condition(std::string_view kind, const ValueCondition& condition) {
  switch (condition.test) {
    case ValueTest::exact:
      return fmt::format("{} \"{}\" is \"{}\"", kind, condition.name, condition.value);
    case ValueTest::prefix:
      return fmt::format("{} \"{}\" starts with \"{}\"", kind, condition.name, condition.value);
    case ValueTest::present:
      return fmt::format("{} \"{}\" is there", kind, condition.name);
    case ValueTest::absent:
      return fmt::format("{} \"{}\" is not there", kind, condition.name);
  }
  return {};
}

std::string describe_clients(const std::vector<base::IpPrefix>& from) {
  constexpr std::size_t kShown = 4;
  std::vector<std::string> shown;
  for (const base::IpPrefix& prefix : from) {
    if (shown.size() < kShown) shown.push_back(base::to_string(prefix));
  }
  const std::size_t more = from.size() - shown.size();
  return base::join(shown, " ") + (more == 0 ? "" : fmt::format(" and {} more", more));
}

// The first condition that does not hold; "" when all do.
std::string broken_condition(const RouteMatch& match, const RequestTraits& traits) {
  FieldList none;
  const FieldList& fields = traits.fields == nullptr ? none : *traits.fields;
  for (const ValueCondition& condition : match.headers) {
    if (!field_holds(condition, find_field(condition.name), fields))
      return fmt::format("wants that {}", describe_condition("header", condition));
  }
  for (const ValueCondition& condition : match.query) {
    if (!parameter_holds(condition, traits.query))
      return fmt::format("wants that {}", describe_condition("query parameter", condition));
  }
  if (match.from.empty()) return {};
  if (traits.client == nullptr)
    return fmt::format("wants a client from {}; none is given", describe_clients(match.from));
  if (!contains(match.from, *traits.client))
    return fmt::format("client {} is not from {}", base::to_string(*traits.client),
                       describe_clients(match.from));
  return {};
}

std::string describe_match(const RouteMatch& match) {
  std::string text =
      fmt::format("host {}, path {}{}, methods {}", match.host.empty() ? "any" : match.host,
                  match.path.empty() ? "any" : match.path, match.path_is_exact ? " exactly" : "",
                  match.methods.empty() ? "any" : base::join(match.methods, " "));
  for (const ValueCondition& condition : match.headers)
    text += ", " + describe_condition("header", condition);
  for (const ValueCondition& condition : match.query)
    text += ", " + describe_condition("query parameter", condition);
  if (!match.from.empty()) text += ", from " + describe_clients(match.from);
  return text;
}

// What the route says to a request, were it the only one: wins, or what differs and why.
Explanation judge(const RouteConfig& route, std::uint32_t index, std::string_view host,
                  std::string_view path, std::string_view method, const RequestTraits& traits) {
  using Verdict = Explanation::Verdict;
  const RouteMatch& match = route.match;
  if (!takes_host(match.host, host))
    return {index, Verdict::host, fmt::format("host \"{}\" is not \"{}\"", host, match.host)};
  if (!takes_path(match, path))
    return {index, Verdict::path,
            fmt::format("path \"{}\" is not {}\"{}\"", path, match.path_is_exact ? "" : "under ",
                        match.path)};
  if (std::string broken = broken_condition(match, traits); !broken.empty())
    return {index, Verdict::condition, std::move(broken)};
  if (!takes_method(match, method))
    return {index, Verdict::method,
            fmt::format("method \"{}\" is not one of {}", method, base::join(match.methods, " "))};
  return {index, Verdict::wins, describe_match(match)};
}

}  // namespace

std::vector<Explanation> explain_match(std::span<const RouteConfig> routes, std::string_view host,
                                       std::string_view path, std::string_view method,
                                       const RequestTraits& traits) {
  using Verdict = Explanation::Verdict;
  if (host.ends_with('.')) host.remove_suffix(1);
  std::vector<std::uint32_t> order(routes.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return specificity(routes[a].match) > specificity(routes[b].match);
  });

  std::vector<Explanation> candidates;
  const RouteConfig* winner = nullptr;
  for (const std::uint32_t index : order) {
    Explanation said = judge(routes[index], index, host, path, method, traits);
    if (said.verdict == Verdict::wins && winner != nullptr) {
      said.verdict = Verdict::less_specific;
      said.why = fmt::format("would take it, but route \"{}\" is more specific", winner->name);
    } else if (said.verdict == Verdict::wins) {
      winner = &routes[index];
    }
    candidates.push_back(std::move(said));
  }
  return candidates;
}

}  // namespace ravelin::gateway
