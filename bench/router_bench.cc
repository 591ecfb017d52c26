// Nanoseconds for the path decision and the route lookup of one request, with 10, 1,000 and 10,000
// routes spread over hosts and paths. Requests come in a shuffled order, so that the big tables pay
// their cache misses.
#include "gateway/route/path.h"
#include "gateway/route/router.h"

#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

struct Request {
  std::string host;
  std::string path;
};

enum Shape { many_hosts, many_paths };

std::vector<RouteConfig> make_routes(std::int64_t count, std::int64_t shape) {
  std::vector<RouteConfig> routes(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < routes.size(); ++i) {
    routes[i].name = std::to_string(i);
    routes[i].match.host =
        shape == many_hosts ? "site" + std::to_string(i) + ".example.com" : "www.example.com";
    routes[i].match.path = shape == many_hosts ? "/" : "/api/service" + std::to_string(i) + "/v1";
  }
  return routes;
}

std::vector<Request> make_requests(const std::vector<RouteConfig>& routes) {
  std::vector<Request> requests;
  std::mt19937 random(1);
  for (int i = 0; i < 4'096; ++i) {
    const RouteMatch& match = routes[random() % routes.size()].match;
    requests.push_back({match.host, match.path == "/" ? "/index.html" : match.path + "/items/7"});
  }
  return requests;
}

void match_route(benchmark::State& state) {
  const auto routes = make_routes(state.range(0), state.range(1));
  const auto router = Router::build(routes);
  const auto requests = make_requests(routes);
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Request& request = requests[at++ & 4'095];
    benchmark::DoNotOptimize(router->match(request.host, request.path, "GET"));
  }
  state.SetLabel(state.range(1) == many_hosts ? "a host each" : "a path each");
}

BENCHMARK(match_route)->ArgsProduct({{10, 1'000, 10'000}, {many_hosts, many_paths}});

void build_router(benchmark::State& state) {
  const auto routes = make_routes(state.range(0), many_paths);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(Router::build(routes));
}

BENCHMARK(build_router)->Arg(10'000)->Unit(benchmark::kMillisecond);

void canonical(benchmark::State& state, std::string_view raw) {
  std::array<char, 1'024> scratch;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(raw);
    benchmark::DoNotOptimize(canonical_path(raw, scratch));
  }
}

BENCHMARK_CAPTURE(canonical, plain_30_bytes, "/api/v1/customers/1234567/list");
BENCHMARK_CAPTURE(canonical, escaped_30_bytes, "/api/v1/caf%C3%A9/a%20b/1234567");
BENCHMARK_CAPTURE(canonical, dots_30_bytes, "/api/v1/../customers/./1234567");

}  // namespace
}  // namespace ravelin::gateway

BENCHMARK_MAIN();
