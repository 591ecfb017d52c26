// Routes: each must lead somewhere, no two may claim the same requests, and none may be hidden by
// others. This is the only place that decides about conflicts; the router relies on it.
#include "base/text.h"
#include "gateway/config/route_conditions.h"
#include "gateway/config/validate_parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ravelin::gateway {
namespace {

// What two routes must share to compete: host, path and whether the path is exact.
using Target = std::tuple<std::string, std::string, bool>;

Target target_of(const RouteMatch& match) {
  const bool is_any = match.path == "/" && !match.path_is_exact;
  return {match.host, is_any ? std::string() : match.path, match.path_is_exact};
}

constexpr std::string_view kAnyMethod;  // empty

// The routes of one listener by target. Those without conditions by method (kAnyMethod: those that
// name none): there may be tens of thousands. Those with conditions in a short list.
class Table {
 public:
  explicit Table(const std::vector<RouteConfig>& routes) : routes_(routes) {}

  // The route that already claims one of this route's requests with the same precision.
  const std::size_t* add(std::size_t index) {
    const RouteMatch& match = routes_[index].match;
    if (has_conditions(match)) return add_conditional(match, index);
    auto& methods = targets_[target_of(match)];
    const std::size_t* conflict = nullptr;
    const auto claim = [&](std::string_view method) {
      const auto [claimed, is_new] = methods.emplace(method, index);
      if (!is_new && claimed->second != index && conflict == nullptr) conflict = &claimed->second;
    };
    if (match.methods.empty()) claim(kAnyMethod);
    for (const std::string& method : match.methods)
      claim(method);
    return conflict;
  }

  [[nodiscard]] bool is_full(const RouteMatch& match) const {
    const auto found = conditional_.find(target_of(match));
    return found != conditional_.end() && found->second.size() > kConditionalRoutesMax;
  }

  // True when other routes, each more specific, take every request of this one. The only way: "/v1"
  // is what `path_exact: /v1` and "/v1/" match together.
  [[nodiscard]] bool is_hidden(const RouteMatch& match) const {
    if (match.path_is_exact || match.path.empty() || match.path.ends_with('/')) return false;
    return takes_all({match.host, match.path, true}, match) &&
           takes_all({match.host, match.path + "/", false}, match);
  }

 private:
  const std::size_t* add_conditional(const RouteMatch& match, std::size_t index) {
    std::vector<std::size_t>& others = conditional_[target_of(match)];
    if (others.size() > kConditionalRoutesMax) return nullptr;  // is_full() says it
    const auto rival = std::ranges::find_if(
        others, [&](std::size_t other) { return are_rivals(match, routes_[other].match); });
    if (rival != others.end()) {
      rival_ = *rival;
      return &rival_;
    }
    others.push_back(index);
    return nullptr;
  }

  [[nodiscard]] bool takes_all(const Target& target, const RouteMatch& match) const {
    const auto found = targets_.find(target);
    if (found == targets_.end()) return false;
    const auto& methods = found->second;
    if (methods.contains(kAnyMethod)) return true;
    return !match.methods.empty() &&
           std::ranges::all_of(match.methods,
                               [&](const std::string& method) { return methods.contains(method); });
  }

  const std::vector<RouteConfig>& routes_;
  std::map<Target, std::map<std::string, std::size_t, std::less<>>> targets_;
  std::map<Target, std::vector<std::size_t>> conditional_;
  std::size_t rival_ = 0;
};

std::string defined_pools(const Config& config) {
  constexpr std::size_t kShown = 12;
  std::vector<std::string> names;
  for (const PoolConfig& pool : config.pools) {
    if (names.size() < kShown) names.push_back(pool.name);
  }
  if (names.empty()) return "none is defined";
  std::string text = "defined: " + base::join(names, ", ");
  if (config.pools.size() > kShown)
    text += fmt::format(" and {} more", config.pools.size() - kShown);
  return text;
}

std::string unknown_pool(const Config& config, const std::string& name) {
  std::string message = fmt::format("pool \"{}\" is not defined ({})", name, defined_pools(config));
  std::vector<std::string_view> names;
  for (const PoolConfig& pool : config.pools)
    names.emplace_back(pool.name);
  constexpr std::size_t kSuggestAmong = 12;  // with few pools the list says it already
  if (names.size() > kSuggestAmong) {
    if (const auto near = base::suggest(name, names)) {
      message += fmt::format("; did you mean \"{}\"?", *near);
    }
  }
  return message;
}

void check_pools(const Config& config, const RouteConfig& route, const std::string& key,
                 const std::set<std::string_view>& pools, Places& places) {
  const bool may_be_misread = pools.contains("") || places.has_failed_itself("pools");
  const auto check = [&](const std::string& name, const std::string& at, const SourcePos& pos) {
    if (name.empty() || pools.contains(name) || may_be_misread) return;
    places.error(at, pos, unknown_pool(config, name));
  };
  check(route.pool, key + ".pool", route.pos);
  for (std::size_t i = 0; i < route.split.size(); ++i)
    check(route.split[i].pool, fmt::format("{}.split[{}].pool", key, i), route.split[i].pos);
  if (route.mirror) check(route.mirror->pool, key + ".mirror.pool", route.mirror->pos);
}

constexpr const char* kSameRequests =
    "matches the same requests as route \"{}\" at {}; give them different hosts, paths or methods";
constexpr const char* kRivals =
    "can match the same request as route \"{}\" at {}, and is as specific; give one of them a "
    "further condition";

void check_conflicts(const ListenerConfig& listener, std::size_t listener_index, Places& places) {
  Table table(listener.routes);
  std::map<std::string_view, std::size_t> names;
  for (std::size_t i = 0; i < listener.routes.size(); ++i) {
    const RouteConfig& route = listener.routes[i];
    const std::string key = route_key(listener_index, i);
    const auto [named, is_new_name] = names.emplace(route.name, i);
    if (!is_new_name) {
      places.error(
          key + ".name", route.pos,
          fmt::format("route \"{}\" is already defined at {}", route.name,
                      place_text(places.at(route_key(listener_index, named->second) + ".name",
                                           listener.routes[named->second].pos))));
    }
    if (places.has_failed(key + ".match")) continue;
    if (const std::size_t* other = table.add(i)) {
      const RouteConfig& rival = listener.routes[*other];
      places.error(key, route.pos,
                   fmt::format(fmt::runtime(has_conditions(route.match) ? kRivals : kSameRequests),
                               rival.name, place_text(rival.pos)));
    } else if (table.is_full(route.match)) {
      places.error(
          key, route.pos,
          fmt::format("is one too many: {} routes with conditions may share a host and path",
                      kConditionalRoutesMax));
    }
  }
  for (std::size_t i = 0; i < listener.routes.size(); ++i) {
    const RouteMatch& match = listener.routes[i].match;
    if (!table.is_hidden(match)) continue;
    places.error(route_key(listener_index, i), listener.routes[i].pos,
                 fmt::format("is never reached: the routes of exactly \"{0}\" and of \"{0}/\" take "
                             "all its requests",
                             match.path));
  }
}

}  // namespace

void validate_routes(const Config& config, Places& places) {
  std::set<std::string_view> pools;
  for (const PoolConfig& pool : config.pools)
    pools.insert(pool.name);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    for (std::size_t j = 0; j < listener.routes.size(); ++j)
      check_pools(config, listener.routes[j], route_key(i, j), pools, places);
    check_conflicts(listener, i, places);
  }
}

}  // namespace ravelin::gateway
