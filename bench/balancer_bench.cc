// Nanoseconds for one pick among 3, 10, 100 and 1,000 servers, with each server's load on a cache
// line of its own, as workers share it.
#include "gateway/balance/balancer.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <vector>

namespace ravelin::gateway {
namespace {

struct alignas(64) SharedLoad {
  std::atomic<std::uint32_t> in_flight{0};
  std::uint32_t limit = 100;
};

struct Pool {
  explicit Pool(std::size_t count) : loads(count), states(count) {
    for (std::size_t i = 0; i < count; ++i)
      states[i] = {
          .weight = static_cast<std::uint32_t>(1 + i % 7), .usable = true, .backup = false};
  }

  [[nodiscard]] bool has_room(std::size_t server) const {
    return in_flight(server) < loads[server].limit;
  }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const {
    return loads[server].in_flight.load(std::memory_order_relaxed);
  }

  std::vector<SharedLoad> loads;
  std::vector<ServerState> states;
};

void pick(benchmark::State& state, Balance kind) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer(kind, 0);
  balancer.update(pool.states);
  for (auto _ : state) {
    const std::size_t server = balancer.pick(pool);
    benchmark::DoNotOptimize(server);
  }
}

BENCHMARK_CAPTURE(pick, round_robin, Balance::round_robin)->Arg(3)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK_CAPTURE(pick, least_requests, Balance::least_requests)
    ->Arg(3)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000);

// What round robin would cost if it asked each server for room.
void pick_asking_all(benchmark::State& state) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  TriedSet tried;
  tried.add(pool.states.size());  // none of them
  for (auto _ : state)
    benchmark::DoNotOptimize(balancer.pick(pool, tried));
}

BENCHMARK(pick_asking_all)->Arg(3)->Arg(1'000);

void update(benchmark::State& state) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer(Balance::round_robin, 0);
  for (auto _ : state) {
    pool.states[0].usable = !pool.states[0].usable;
    balancer.update(pool.states);
  }
}

BENCHMARK(update)->Arg(3)->Arg(1'000);

}  // namespace
}  // namespace ravelin::gateway

BENCHMARK_MAIN();
