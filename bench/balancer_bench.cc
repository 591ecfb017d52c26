// Nanoseconds for one pick among 3, 10, 100 and 1,000 servers, and for an update, with each
// server's load on a cache line of its own, as workers share it.
#include "gateway/balance/balancer.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <string>
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
      states[i] = {.weight = static_cast<std::uint32_t>(1 + i % 7), .usable = true};
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

std::shared_ptr<const HashRing> ring_of(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i)
    names.push_back("server" + std::to_string(i));
  return std::make_shared<HashRing>(std::vector<std::string_view>(names.begin(), names.end()));
}

Balancer balancer_for(const Pool& pool, Balance kind) {
  Balancer::Options options;
  if (kind == Balance::hash) options.ring = ring_of(pool.states.size());
  return {kind, 0, options};
}

void pick(benchmark::State& state, Balance kind) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer = balancer_for(pool, kind);
  balancer.update(pool.states);
  std::uint64_t key = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::size_t server = balancer.pick(pool, {}, key += kGoldenRatio);
    benchmark::DoNotOptimize(server);
  }
}

BENCHMARK_CAPTURE(pick, round_robin, Balance::round_robin)->Arg(3)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK_CAPTURE(pick, least_requests, Balance::least_requests)
    ->Arg(3)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000);
BENCHMARK_CAPTURE(pick, power_of_two, Balance::power_of_two)->Arg(3)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK_CAPTURE(pick, hash, Balance::hash)->Arg(3)->Arg(10)->Arg(100)->Arg(1'000);

// Every server has requests in flight, the key's own more than the bound allows.
void pick_overloaded(benchmark::State& state) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer = balancer_for(pool, Balance::hash);
  balancer.update(pool.states);
  for (SharedLoad& load : pool.loads)
    load.in_flight = 1;
  const std::uint64_t key = kGoldenRatio;
  pool.loads[balancer.pick(pool, {}, key)].in_flight = 99;
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(balancer.pick(pool, {}, key));
}

BENCHMARK(pick_overloaded)->Arg(3)->Arg(1'000);

// What round robin would cost if it asked each server for room.
void pick_asking_all(benchmark::State& state) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  TriedSet tried;
  tried.add(pool.states.size());  // none of them
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(balancer.pick(pool, tried));
}

BENCHMARK(pick_asking_all)->Arg(3)->Arg(1'000);

void update(benchmark::State& state, Balance kind) {
  Pool pool(static_cast<std::size_t>(state.range(0)));
  Balancer balancer = balancer_for(pool, kind);
  for ([[maybe_unused]] auto _ : state) {
    pool.states[0].weight ^= 1;
    balancer.update(pool.states);
  }
}

BENCHMARK_CAPTURE(update, round_robin, Balance::round_robin)->Arg(3)->Arg(1'000);
BENCHMARK_CAPTURE(update, power_of_two, Balance::power_of_two)->Arg(3)->Arg(1'000);
BENCHMARK_CAPTURE(update, hash, Balance::hash)->Arg(3)->Arg(1'000);

// Once for a pool of a configuration, on the control thread.
void make_ring(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(ring_of(static_cast<std::size_t>(state.range(0))));
}

BENCHMARK(make_ring)->Arg(3)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ravelin::gateway

BENCHMARK_MAIN();
