// How even the turns are over many picks: with servers coming and going, weights changing, and
// several workers turning on their own.
#include "gateway/balance/balancer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace ravelin::gateway {
namespace {

struct Unlimited {
  [[nodiscard]] bool has_room(std::size_t) const { return true; }

  [[nodiscard]] std::uint32_t in_flight(std::size_t) const { return 0; }
};

double total_weight(const std::vector<ServerState>& states) {
  double total = 0;
  for (const ServerState& state : states)
    total += state.usable ? state.weight : 0;
  return total;
}

// Over 10,000 picks with a change every 1 to 50 picks, each server gets the sum of its shares to
// within one request for every hundred changes, and a few: credits are neither lost nor invented.
TEST(Fairness, HoldsWhileServersComeAndGo) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<ServerState> states(2 + seed % 9);
    for (ServerState& state : states)
      state = {.weight = 1 + static_cast<std::uint32_t>(random() % 20), .usable = true};
    Balancer balancer(Balance::round_robin, seed);
    std::vector<double> due(states.size());
    std::vector<double> got(states.size());
    std::vector<double> worst(states.size());
    int changes = 0;
    for (int pick = 0, next_change = 0; pick < 10'000; ++pick) {
      if (pick == next_change) {
        next_change += 1 + static_cast<int>(random() % 50);
        ServerState& changed = states[random() % states.size()];
        if (random() % 2 == 0) changed.usable = !changed.usable;
        if (random() % 4 == 0) changed.weight = static_cast<std::uint32_t>(random() % 20);
        balancer.update(states);
        ++changes;
      }
      const std::size_t server = balancer.pick(Unlimited{});
      const double total = total_weight(states);
      if (total == 0) {
        ASSERT_EQ(server, Balancer::kNone);
        continue;
      }
      ASSERT_NE(server, Balancer::kNone);
      ASSERT_TRUE(states[server].usable && states[server].weight != 0);
      got[server] += 1;
      for (std::size_t i = 0; i < states.size(); ++i) {
        if (states[i].usable) due[i] += states[i].weight / total;
        worst[i] = std::max(worst[i], std::abs(got[i] - due[i]));
      }
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
      EXPECT_LE(worst[i], 4 + changes / 100.0)
          << "seed " << seed << ", server " << i << " due " << due[i] << " got " << got[i];
    }
  }
}

// In any window of one turn no server is more than one request away from its share.
TEST(Fairness, IsSmoothWithinATurn) {
  const std::uint32_t weights[] = {256, 17, 3, 1, 90};
  std::vector<ServerState> states;
  for (const std::uint32_t weight : weights)
    states.push_back({.weight = weight, .usable = true});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(states);
  const double total = total_weight(states);
  std::vector<int> got(states.size());
  for (int pick = 1; pick <= 3 * static_cast<int>(total); ++pick) {
    ++got[balancer.pick(Unlimited{})];
    for (std::size_t i = 0; i < states.size(); ++i)
      ASSERT_LT(std::abs(got[i] - pick * weights[i] / total), 1.5) << pick;
  }
  for (std::size_t i = 0; i < states.size(); ++i)
    EXPECT_EQ(got[i], static_cast<int>(3 * weights[i]));
}

// A server that was full for long gets no more than one request at once when it has room again.
TEST(Fairness, GivesNoBurstToAServerThatWasFull) {
  struct Load {
    [[nodiscard]] bool has_room(std::size_t server) const { return server != 0 || !is_full; }

    [[nodiscard]] std::uint32_t in_flight(std::size_t) const { return 0; }

    bool is_full = true;
  } load;

  const std::vector<ServerState> states(4, {.weight = 3, .usable = true});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(states);
  for (int i = 0; i < 9'999; ++i)
    ASSERT_NE(balancer.pick(load), 0U);
  load.is_full = false;
  int in_window = 0;
  for (int i = 0; i < 8; ++i)
    in_window += balancer.pick(load) == 0 ? 1 : 0;
  EXPECT_LE(in_window, 3);
  EXPECT_GE(in_window, 2);
}

struct WorkersCase {
  std::size_t workers;
  std::size_t servers;
  int picks;  // of each worker
};

// Workers turn alone, yet together they are even: no server is further from its share than the
// parts of turns the workers have open can explain.
TEST(Fairness, HoldsAcrossWorkersWithStaggeredStarts) {
  constexpr WorkersCase kCases[] = {
      {2, 3, 1}, {2, 3, 100}, {4, 4, 1},  {4, 4, 1001}, {4, 3, 50},  {8, 4, 1}, {8, 3, 10},
      {8, 5, 7}, {16, 8, 3},  {3, 10, 5}, {2, 10, 5},   {16, 3, 11}, {7, 7, 1}, {64, 3, 100},
  };
  for (const WorkersCase& row : kCases) {
    std::vector<int> got(row.servers);
    for (std::uint32_t worker = 0; worker < row.workers; ++worker) {
      Balancer balancer(Balance::round_robin, worker);
      balancer.update(std::vector<ServerState>(row.servers, {.weight = 1, .usable = true}));
      for (int i = 0; i < row.picks; ++i)
        ++got[balancer.pick(Unlimited{})];
    }
    const auto [least, most] = std::ranges::minmax(got);
    EXPECT_LE(most - least, 2) << row.workers << " workers, " << row.servers << " servers, "
                               << row.picks << " picks";
  }
}

TEST(Fairness, HoldsForLeastRequestsWhenIdle) {
  const std::vector<ServerState> states{
      {.weight = 3, .usable = true}, {.weight = 2, .usable = true}, {.weight = 1, .usable = true}};
  Balancer balancer(Balance::least_requests, 5);
  balancer.update(states);
  std::vector<int> got(3);
  for (int i = 0; i < 600; ++i)
    ++got[balancer.pick(Unlimited{})];
  EXPECT_EQ(got, (std::vector{300, 200, 100}));
}

}  // namespace
}  // namespace ravelin::gateway
