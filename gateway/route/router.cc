#include "gateway/route/router.h"

#include "base/text.h"
#include "gateway/config/route_conditions.h"
#include "gateway/route/path.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace ravelin::gateway {
namespace {

constexpr SegmentTree::Node kWholeNames = 0;
constexpr SegmentTree::Node kWildcards = 1;

// "a.b.c" gives "c" and leaves "a.b"; the last label leaves "".
std::string_view take_last_label(std::string_view& host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view label = dot == host.npos ? host : host.substr(dot + 1);
  host = dot == host.npos ? std::string_view() : host.substr(0, dot);
  return label;
}

// "/v1/items" gives "v1" and leaves "/items". The path starts with a slash.
std::string_view take_first_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

base::Result<void> check_host(const RouteConfig& route) {
  const std::string_view host = route.match.host;
  if (host.empty()) return {};
  const std::string_view name = host.starts_with("*.") ? host.substr(2) : host;
  if (name.empty() || name.find('*') != name.npos)
    return base::fail_at(route.pos,
                         "route \"{}\": host \"{}\": \"*\" stands only in front, as in "
                         "\"*.example.com\"",
                         route.name, host);
  if (std::ranges::any_of(host, [](char c) { return c != base::to_lower(c); }))
    return base::fail_at(route.pos, "route \"{}\": host \"{}\" is not in lower case", route.name,
                         host);
  if (name.front() == '.' || name.back() == '.' || name.find("..") != name.npos)
    return base::fail_at(route.pos, "route \"{}\": host \"{}\" has an empty label", route.name,
                         host);
  if (static_cast<std::size_t>(std::ranges::count(name, '.')) >= Router::kSegmentsMax)
    return base::fail_at(route.pos, "route \"{}\": host \"{}\" has more than {} labels", route.name,
                         host, Router::kSegmentsMax);
  return {};
}

base::Result<void> check_path(const RouteConfig& route) {
  const std::string& path = route.match.path;
  if (path.empty() && !route.match.path_is_exact) return {};
  std::vector<char> scratch(path_scratch_bytes(path.size()));
  const CanonicalPath canonical = canonical_path(path, scratch);
  if (!canonical.is_permitted(PathPolicy::normalise))
    return base::fail_at(route.pos, "route \"{}\": path \"{}\" {}", route.name, path,
                         describe(canonical.fault));
  if (canonical.path != path)
    return base::fail_at(route.pos,
                         "route \"{}\": path \"{}\" is never met in this spelling (write \"{}\")",
                         route.name, path, canonical.path);
  if (static_cast<std::size_t>(std::ranges::count(path, '/')) > Router::kSegmentsMax)
    return base::fail_at(route.pos, "route \"{}\": path \"{}\" has more than {} segments",
                         route.name, path, Router::kSegmentsMax);
  return {};
}

}  // namespace

struct Router::Draft {
  std::span<const RouteConfig> routes;
  std::map<std::pair<Node, PathForm>, std::vector<Rule>> rules;
};

base::Result<Router> Router::build(std::span<const RouteConfig> routes) {
  Router router;
  router.hosts_.add_root();
  router.hosts_.add_root();
  Draft draft{.routes = routes, .rules = {}};
  for (std::uint32_t i = 0; i < routes.size(); ++i) {
    if (auto added = router.add(routes[i], i, draft); !added) return added.error();
  }
  router.path_nodes_.resize(router.paths_.size());
  for (auto& [key, rules] : draft.rules) {
    std::ranges::stable_sort(rules, std::greater(), [&routes](const Rule& rule) {
      return std::pair(rule.methods != kAnyMethod, condition_rank(routes[rule.route].match));
    });
    router.path_nodes_[key.first][key.second] = {
        .first = static_cast<std::uint32_t>(router.rules_.size()),
        .count = static_cast<std::uint32_t>(rules.size())};
    router.rules_.insert(router.rules_.end(), rules.begin(), rules.end());
  }
  return router;
}

base::Result<void> Router::add(const RouteConfig& route, std::uint32_t index, Draft& draft) {
  if (auto host = check_host(route); !host) return host.error();
  if (auto path = check_path(route); !path) return path.error();
  const auto methods = method_set(route);
  if (!methods) return methods.error();

  Node node = host_root(route.match.host);
  std::string_view rest = route.match.path;
  while (rest.size() > 1)
    node = paths_.add_child(node, take_first_segment(rest));
  // A prefix of "" and one of "/" take the same requests.
  const bool has_slash = rest == "/" && (route.match.path_is_exact || route.match.path != "/");
  const PathForm form = route.match.path_is_exact ? (has_slash ? exact_slash : exact)
                                                  : (has_slash ? prefix_slash : prefix);
  std::vector<Rule>& rules = draft.rules[{node, form}];
  for (const Rule& rule : rules) {
    if (are_rivals(route.match, draft.routes[rule.route].match))
      return base::fail_at(route.pos, "route \"{}\" takes the same requests as route \"{}\"",
                           route.name, draft.routes[rule.route].name);
  }
  Rule rule{.methods = *methods, .route = index};
  if (has_conditions(route.match)) {
    rule.conditions = static_cast<std::uint32_t>(conditions_.size());
    conditions_.emplace_back(route.match);
  }
  rules.push_back(rule);
  return {};
}

base::Result<Router::MethodSet> Router::method_set(const RouteConfig& route) {
  if (route.match.methods.empty()) return kAnyMethod;
  MethodSet set = 0;
  for (const std::string& method : route.match.methods) {
    if (std::ranges::find(methods_, method) == methods_.end()) methods_.push_back(method);
    if (methods_.size() > kMethodsMax)
      return base::fail_at(route.pos,
                           "route \"{}\": method \"{}\" is one too many: all routes together may "
                           "name {} different methods",
                           route.name, method, kMethodsMax);
    set |= method_bit(method);
  }
  return set;
}

Router::MethodSet Router::method_bit(std::string_view method) const {
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    if (methods_[i] == method) return MethodSet{1} << i;
  }
  return kUnknownMethod;
}

// The root of the paths of a route's host; made when new.
Router::Node Router::host_root(std::string_view host) {
  if (host.empty()) {
    if (any_host_ == SegmentTree::kNone) any_host_ = paths_.add_root();
    return any_host_;
  }
  Node node = kWildcards;
  if (host.starts_with("*.")) {
    has_wildcards_ = true;
    host.remove_prefix(2);
    while (!host.empty())
      node = hosts_.add_child(node, take_last_label(host));
  } else {
    node = hosts_.add_child(kWholeNames, host);
  }
  host_paths_.resize(hosts_.size(), SegmentTree::kNone);
  if (host_paths_[node] == SegmentTree::kNone) host_paths_[node] = paths_.add_root();
  return host_paths_[node];
}

// Calls visit with the rules for each host that takes `host`, most specific first, until it returns
// true.
template <class Visit>
void Router::for_each_host(std::string_view host, std::string_view path, Visit& visit) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  const Node whole = hosts_.child(kWholeNames, host);
  if (whole != SegmentTree::kNone && for_each_path(host_paths_[whole], path, visit)) return;

  std::array<Node, kSegmentsMax> roots;
  std::size_t depth = 0;
  for (Node node = kWildcards; has_wildcards_;) {
    node = hosts_.child(node, take_last_label(host));
    if (node == SegmentTree::kNone || host.empty()) break;
    if (host_paths_[node] != SegmentTree::kNone) roots[depth++] = host_paths_[node];
  }
  while (depth != 0) {
    if (for_each_path(roots[--depth], path, visit)) return;
  }
  if (any_host_ != SegmentTree::kNone) for_each_path(any_host_, path, visit);
}

// The same for one host and each path that takes `path`; true when visit ended it.
template <class Visit>
bool Router::for_each_path(Node root, std::string_view path, Visit& visit) const {
  struct Step {
    Node node;
    std::uint32_t rest_bytes;
  };

  std::array<Step, kSegmentsMax + 1> steps;
  std::size_t depth = 0;
  std::string_view rest = path;
  for (Node node = root; node != SegmentTree::kNone;) {
    steps[depth++] = {node, static_cast<std::uint32_t>(rest.size())};
    if (rest.size() <= 1) break;
    node = paths_.child(node, take_first_segment(rest));
  }
  while (depth != 0) {
    const Step& step = steps[--depth];
    const PathNode& forms = path_nodes_[step.node];
    const auto takes = [&](PathForm form) {
      const RuleRange range = forms[form];
      return range.count != 0 && visit(std::span(rules_).subspan(range.first, range.count));
    };
    if (step.rest_bytes == 0 && takes(exact)) return true;
    if (step.rest_bytes == 1 && takes(exact_slash)) return true;
    if (step.rest_bytes != 0 && takes(prefix_slash)) return true;
    if (takes(prefix)) return true;
  }
  return false;
}

Match Router::match(std::string_view host, std::string_view path, std::string_view method,
                    const RequestTraits& traits) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const MethodSet bit = method_bit(method);
  auto visit = [this, &match, &traits, bit](std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (!conditions_hold(rule, traits)) continue;
      if ((rule.methods & bit) == 0) {
        match.outcome = Match::Outcome::method_not_allowed;
        continue;
      }
      match = {.outcome = Match::Outcome::matched, .route = rule.route};
      return true;
    }
    return false;
  };
  for_each_host(host, path, visit);
  return match;
}

std::string Router::allowed_methods(std::string_view host, std::string_view path,
                                    const RequestTraits& traits) const {
  MethodSet allowed = 0;
  auto visit = [&](std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (conditions_hold(rule, traits)) allowed |= rule.methods;
    }
    return false;
  };
  if (path.starts_with('/')) for_each_host(host, path, visit);
  std::vector<std::string> names;
  for (const std::string& method : methods_) {
    if ((allowed & method_bit(method)) != 0) names.push_back(method);
  }
  return base::join(names, ", ");
}

}  // namespace ravelin::gateway
