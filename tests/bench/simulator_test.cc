// That the simulator itself is right: its results agree with what queueing theory says, and with
// the scenario.
#include "bench/simulator/simulator.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ravelin::simulator {
namespace {

using gateway::Balance;

Scenario of_servers(std::size_t count) {
  Scenario scenario;
  for (std::size_t i = 0; i < count; ++i)
    scenario.servers.push_back({.name = "s" + std::to_string(i)});
  return scenario;
}

TEST(Simulator, IsTheSameForTheSameSeed) {
  Scenario scenario = of_servers(3);
  scenario.balance = Balance::power_of_two;
  const SimulationResult first = simulate(scenario);
  const SimulationResult again = simulate(scenario);
  EXPECT_EQ(first.latencies_ms, again.latencies_ms);
  scenario.seed = 2;
  EXPECT_NE(simulate(scenario).latencies_ms, first.latencies_ms);
}

// Without waiting, a request takes its service time: exponential, so its median is ln 2 of the mean
// and 99 of 100 end within ln 100 of it. Little's law: N = X (R + Z).
TEST(Simulator, AgreesWithTheoryWhereNobodyWaits) {
  Scenario scenario = of_servers(2);
  for (SimulatedServer& server : scenario.servers)
    server.parallel = 1'000;
  scenario.duration_ms = 30'000;
  const SimulationResult result = simulate(scenario);
  EXPECT_NEAR(result.latency_ms(0.5), 6.93, 0.2);
  EXPECT_NEAR(result.latency_ms(0.99), 46.1, 2.5);
  EXPECT_NEAR(result.requests_per_s(scenario), 64 / 0.020, 64);
}

// A closed network of one exponential station and N thinking clients (the machine repairman): with
// 5 clients, service 10 ms, think 10 ms, the server is busy 1 - 1/sum = 0.99693 of the time.
TEST(Simulator, AgreesWithTheoryWhereClientsQueue) {
  Scenario scenario = of_servers(1);
  scenario.servers[0].parallel = 1;
  scenario.clients = 5;
  scenario.duration_ms = 200'000;
  double sum = 0;
  double term = 1;
  for (int k = 0; k <= 5; term *= 5 - k, ++k)
    sum += term;
  EXPECT_NEAR(simulate(scenario).requests_per_s(scenario), 100 * (1 - 1 / sum), 1.5);
}

TEST(Simulator, FollowsItsChanges) {
  Scenario scenario = of_servers(2);
  scenario.changes = {{2'000, 0, Change::What::down},
                      {4'000, 0, Change::What::up},
                      {6'000, 1, Change::What::speed, 0.1},
                      {8'000, 1, Change::What::errors, 1}};
  scenario.duration_ms = 9'950;
  const SimulationResult result = simulate(scenario);
  const auto completed = [&result](std::size_t server, std::size_t from, std::size_t to) {
    std::uint64_t sum = 0;
    for (std::size_t i = from; i < to; ++i)
      sum += result.timeline[i][server].completed;
    return sum;
  };
  EXPECT_GT(completed(0, 10, 20), 300U);
  EXPECT_EQ(completed(0, 25, 40), 0U);
  EXPECT_GT(completed(0, 41, 60), 500U);
  EXPECT_LT(completed(1, 70, 80) * 4, completed(1, 10, 20));
  EXPECT_GT(result.servers[1].errors, 100U);
  EXPECT_EQ(result.servers[0].errors, 0U);
}

TEST(Simulator, RefusesWhatNobodyHasRoomFor) {
  Scenario scenario = of_servers(2);
  for (SimulatedServer& server : scenario.servers)
    server.connections_max = 3;
  const SimulationResult result = simulate(scenario);
  EXPECT_GT(result.refused, 0U);
  EXPECT_EQ(result.servers[0].in_flight_most, 3U);
  EXPECT_EQ(result.servers[1].in_flight_most, 3U);
}

// The controller sees every request once and its weights hold.
TEST(Simulator, LetsAControllerSetWeights) {
  Scenario scenario = of_servers(2);
  scenario.servers[1].service_ms = 30;
  scenario.warmup_ms = 0;
  std::uint64_t seen = 0;
  double last_ms = 0;
  double slow_latency_ms = 0;
  scenario.controller = [&](double now_ms, std::span<const ServerWindow> servers,
                            std::span<std::uint32_t> weights) {
    for (const ServerWindow& server : servers)
      seen += server.completed + server.errors;
    last_ms = now_ms;
    slow_latency_ms = servers[1].latency_ms_mean();
    weights[0] = 900;
    weights[1] = 100;
  };
  const SimulationResult result = simulate(scenario);
  EXPECT_EQ(last_ms, 10'000);
  EXPECT_GT(slow_latency_ms, 15);
  EXPECT_EQ(seen, result.servers[0].requests + result.servers[1].requests);
  EXPECT_NEAR(result.share(0), 0.9, 0.03);
  EXPECT_EQ(result.timeline.back()[0].weight, 900U);
}

}  // namespace
}  // namespace ravelin::simulator
