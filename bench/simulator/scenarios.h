// The scenarios docs/balancing.md speaks of: the program that plots them and the tests that hold
// what the text claims run the same ones. Pure.
#pragma once

#include "bench/simulator/simulator.h"

#include <span>
#include <string_view>

namespace ravelin::simulator {

struct Algorithm {
  std::string_view name;
  gateway::Balance balance;
};

inline constexpr Algorithm kAlgorithms[] = {
    {"round_robin", gateway::Balance::round_robin},
    {"least_requests", gateway::Balance::least_requests},
    {"power_of_two", gateway::Balance::power_of_two},
    {"hash", gateway::Balance::hash},
};

// Four servers whose weights tell how fast they are: 1, 2, 3 and 4.
Scenario weighted_servers(gateway::Balance balance);
// Five servers of equal weight, the last three times as slow as the others.
Scenario slow_server(gateway::Balance balance);
// Five equal servers; the last is a quarter as fast from 4 s to 8 s.
Scenario changing_server(gateway::Balance balance);
// Five equal servers; the last is down from 4 s to 7 s.
Scenario leaving_server(gateway::Balance balance);
// Ten equal servers and keys as skewed as words are; `load_max_percent` 0 = no bound.
Scenario hot_keys(std::uint32_t load_max_percent);

}  // namespace ravelin::simulator
