// Nanoseconds a rate limit costs a request, with a million clients that have spent tokens: the
// whole decision (hash of the client's address, look-up, token), on one thread and on two, and the
// same with a table too small for them. The table is far larger than any cache.
#include "gateway/limit/route_limits.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kClients = 1'000'000;

base::IpAddress client(std::uint64_t number) {
  base::IpAddress address{.family = base::Family::ipv4};
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return address;
}

// Clients in an order no cache can guess (an odd multiplier walks them all).
std::uint32_t next_client(std::uint32_t& state) {
  state = state * 1'664'525U + 1'013'904'223U;
  return static_cast<std::uint32_t>((std::uint64_t{state} * kClients) >> 32);
}

struct Limited {
  explicit Limited(std::size_t entries) : tables(make_limit_tables(entries, nullptr)) {
    const RouteLimitsConfig config{
        .rate = RateLimitConfig{.requests = 1000, .per = 60s, .burst = 1'000'000, .key = {}}};
    limits = RouteLimits::make(config, "web", "all", tables);
    const FieldList fields{};
    InFlightPlace place;
    for (std::uint32_t i = 0; i < kClients; ++i)
      limits->admit({client(i), fields, {}}, base::MonoTime{1h}, place);
  }

  LimitTables tables;
  std::shared_ptr<const RouteLimits> limits;
};

void admit(benchmark::State& state, const Limited& limited) {
  const FieldList fields{};
  std::uint32_t random = 4711U + static_cast<std::uint32_t>(state.thread_index());
  base::MonoTime now{1h};
  for ([[maybe_unused]] auto _ : state) {
    InFlightPlace place;
    now = now + 1us;
    const Requester requester{client(next_client(random)), fields, {}};
    const RouteLimits::Verdict verdict = limited.limits->admit(requester, now, place);
    benchmark::DoNotOptimize(verdict.reason);
  }
}

void roomy(benchmark::State& state) {
  static const Limited limited(2 * kClients);
  admit(state, limited);
}

void too_small(benchmark::State& state) {
  static const Limited limited(kClients / 8);
  admit(state, limited);
}

BENCHMARK(roomy)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(too_small)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace ravelin::gateway

BENCHMARK_MAIN();
