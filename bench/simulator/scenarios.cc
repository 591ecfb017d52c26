#include "bench/simulator/scenarios.h"

namespace ravelin::simulator {
namespace {

using gateway::Balance;

Scenario of_servers(std::size_t count, Balance balance) {
  Scenario scenario;
  for (std::size_t i = 0; i < count; ++i)
    scenario.servers.push_back({.name = "server" + std::to_string(i)});
  scenario.balance = balance;
  return scenario;
}

}  // namespace

Scenario weighted_servers(Balance balance) {
  Scenario scenario = of_servers(4, balance);
  for (std::uint32_t i = 0; i < 4; ++i) {
    scenario.servers[i].weight = i + 1;
    scenario.servers[i].service_ms = 24.0 / (i + 1);
  }
  scenario.clients = 32;
  scenario.duration_ms = 20'000;
  return scenario;
}

// 60 clients offer about two thirds of what the five servers can do together.
Scenario slow_server(Balance balance) {
  Scenario scenario = of_servers(5, balance);
  scenario.servers[4].service_ms *= 3;
  scenario.clients = 60;
  scenario.think_ms = 40;
  scenario.duration_ms = 20'000;
  return scenario;
}

Scenario changing_server(Balance balance) {
  Scenario scenario = of_servers(5, balance);
  scenario.changes = {{4'000, 4, Change::What::speed, 0.25}, {8'000, 4, Change::What::speed, 1}};
  scenario.clients = 60;
  scenario.think_ms = 40;
  scenario.duration_ms = 12'000;
  return scenario;
}

Scenario leaving_server(Balance balance) {
  Scenario scenario = of_servers(5, balance);
  scenario.changes = {{4'000, 4, Change::What::down}, {7'000, 4, Change::What::up}};
  scenario.clients = 60;
  scenario.think_ms = 40;
  return scenario;
}

Scenario hot_keys(std::uint32_t load_max_percent) {
  Scenario scenario = of_servers(10, Balance::hash);
  scenario.load_max_percent = load_max_percent;
  scenario.keys = 2'000;
  scenario.key_skew = 1;
  scenario.clients = 240;
  scenario.think_ms = 60;
  return scenario;
}

}  // namespace ravelin::simulator
