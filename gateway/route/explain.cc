#include "gateway/route/explain.h"

#include "base/text.h"

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
  return std::tuple(host_rank, labels, match.path_is_exact, prefix_bytes, !match.methods.empty());
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

std::string describe_match(const RouteMatch& match) {
  return fmt::format("host {}, path {}{}, methods {}", match.host.empty() ? "any" : match.host,
                     match.path.empty() ? "any" : match.path, match.path_is_exact ? " exactly" : "",
                     match.methods.empty() ? "any" : base::join(match.methods, " "));
}

}  // namespace

std::vector<Explanation> explain_match(std::span<const RouteConfig> routes, std::string_view host,
                                       std::string_view path, std::string_view method) {
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
    const RouteMatch& match = routes[index].match;
    if (!takes_host(match.host, host)) {
      candidates.push_back(
          {index, Verdict::host, fmt::format("host \"{}\" is not \"{}\"", host, match.host)});
    } else if (!takes_path(match, path)) {
      candidates.push_back({index, Verdict::path,
                            fmt::format("path \"{}\" is not {}\"{}\"", path,
                                        match.path_is_exact ? "" : "under ", match.path)});
    } else if (!takes_method(match, method)) {
      candidates.push_back(
          {index, Verdict::method,
           fmt::format("method \"{}\" is not one of {}", method, base::join(match.methods, " "))});
    } else if (winner != nullptr) {
      candidates.push_back(
          {index, Verdict::less_specific,
           fmt::format("would take it, but route \"{}\" is more specific", winner->name)});
    } else {
      winner = &routes[index];
      candidates.push_back({index, Verdict::wins, describe_match(match)});
    }
  }
  return candidates;
}

}  // namespace ravelin::gateway
