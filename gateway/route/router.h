// Router: which route of a listener a request meets. Built once per snapshot, immutable, shared by
// all workers; a lookup allocates nothing and costs the same with ten routes and with ten thousand.
#pragma once

#include "base/result.h"
#include "gateway/config/config.h"
#include "gateway/route/conditions.h"
#include "gateway/route/segment_tree.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct Match {
  enum class Outcome : std::uint8_t {
    matched,
    no_route,            // 404
    method_not_allowed,  // 405: host, path and conditions are routed, the method nowhere; see
                         // allowed_methods()
  };

  Outcome outcome = Outcome::no_route;
  std::uint32_t route = 0;  // index into the routes given to build(); only if matched
};

// Of all routes whose host, path, methods and conditions take the request, the most specific wins,
// compared in that order (the ranks stand at RouteMatch). So a less specific route takes what a
// more specific one leaves, also when it leaves it because of the method alone; 405 is the answer
// only when every route for this host and path whose conditions hold names methods and none is this
// one. A route without conditions costs nothing for those that have some elsewhere.
class Router {
 public:
  static constexpr std::size_t kSegmentsMax = 32;  // in a route's path, and labels in its host
  static constexpr std::size_t kMethodsMax = 63;   // different methods named in all routes together

  // Errors (Errc::invalid, at the route's position): a host or path in a form no request can have,
  // two routes that take the same requests, a limit above.
  static base::Result<Router> build(std::span<const RouteConfig> routes);

  // `host`: lower case, without port; one trailing dot is ignored; "" matches only routes for any
  // host. `path`: the canonical path (path.h). `method`: as received, case-sensitive.
  [[nodiscard]] Match match(std::string_view host, std::string_view path, std::string_view method,
                            const RequestTraits& traits = {}) const;

  // The text of the Allow header of a 405 (RFC 9110 section 10.2.1): "GET, HEAD". Allocates.
  [[nodiscard]] std::string allowed_methods(std::string_view host, std::string_view path,
                                            const RequestTraits& traits = {}) const;

 private:
  using Node = SegmentTree::Node;
  using MethodSet = std::uint64_t;  // one bit for each known method
  static constexpr MethodSet kAnyMethod = ~MethodSet{0};
  static constexpr MethodSet kUnknownMethod = MethodSet{1} << kMethodsMax;

  static constexpr std::uint32_t kUnconditional = UINT32_MAX;

  struct Rule {
    MethodSet methods = kAnyMethod;
    std::uint32_t route = 0;
    std::uint32_t conditions = kUnconditional;  // else index
  };

  // How the path ends at a node decides which rules apply. "/v1" and "/v1/" end at the same node.
  enum PathForm : std::uint8_t { exact, exact_slash, prefix_slash, prefix };

  struct RuleRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  using PathNode = std::array<RuleRange, 4>;  // by PathForm

  struct Draft;

  base::Result<void> add(const RouteConfig& route, std::uint32_t index, Draft& draft);
  base::Result<MethodSet> method_set(const RouteConfig& route);
  [[nodiscard]] MethodSet method_bit(std::string_view method) const;
  Node host_root(std::string_view host);

  [[nodiscard]] bool conditions_hold(const Rule& rule, const RequestTraits& traits) const {
    return rule.conditions == kUnconditional || conditions_[rule.conditions].hold(traits);
  }

  template <class Visit>
  void for_each_host(std::string_view host, std::string_view path, Visit& visit) const;
  template <class Visit>
  bool for_each_path(Node root, std::string_view path, Visit& visit) const;

  SegmentTree hosts_;             // root 0: whole names; root 1: labels of wildcards, last first
  std::vector<Node> host_paths_;  // by host node: the root of its paths, or kNone
  Node any_host_ = SegmentTree::kNone;
  bool has_wildcards_ = false;
  SegmentTree paths_;                 // one root for each host
  std::vector<PathNode> path_nodes_;  // by node of paths_
  std::vector<Rule> rules_;  // of one RuleRange: those naming methods first; of these the more
                             // specific conditions first
  std::vector<Conditions> conditions_;
  std::vector<std::string> methods_;  // the index is the bit
};

}  // namespace ravelin::gateway
