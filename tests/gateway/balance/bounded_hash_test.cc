#include "gateway/balance/bounded_hash.h"

#include "gateway/balance/balancer.h"
#include "gateway/balance/key_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

struct Idle {
  [[nodiscard]] bool has_room(std::size_t) const { return true; }

  [[nodiscard]] std::uint32_t in_flight(std::size_t) const { return 0; }
};

struct FakeLoad {
  std::vector<std::uint32_t> loads;
  std::vector<bool> full = std::vector<bool>(loads.size());

  [[nodiscard]] bool has_room(std::size_t server) const { return !full[server]; }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const { return loads[server]; }
};

std::vector<std::string> names_of(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i)
    names.push_back("10.0.1." + std::to_string(i) + ":8080");
  return names;
}

std::shared_ptr<const HashRing> ring_of(const std::vector<std::string>& names) {
  return std::make_shared<HashRing>(std::vector<std::string_view>(names.begin(), names.end()));
}

Balancer hash_of(const std::vector<std::string>& names, const std::vector<ServerState>& states,
                 std::uint32_t load_max_percent = 0, std::uint32_t start = 0) {
  const Balancer::Options options{
      .rules = {}, .ring = ring_of(names), .load_max_percent = load_max_percent};
  Balancer balancer(Balance::hash, start, options);
  balancer.update(states);
  return balancer;
}

std::vector<ServerState> equal(std::size_t count, std::uint32_t weight = 1) {
  return std::vector<ServerState>(count, {.weight = weight, .usable = true});
}

constexpr std::size_t kKeys = 50'000;

std::uint64_t key_of(std::size_t i) {
  return hash_bytes("user-" + std::to_string(i));
}

std::vector<std::size_t> owners(Balancer& balancer, std::size_t keys = kKeys) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < keys; ++i)
    all.push_back(balancer.pick(Idle{}, {}, key_of(i)));
  return all;
}

double share_moved(const std::vector<std::size_t>& before, const std::vector<std::size_t>& after) {
  std::size_t moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    moved += before[i] != after[i] ? 1 : 0;
  return static_cast<double>(moved) / static_cast<double>(before.size());
}

TEST(HashRing, KeepsItsPlacesInOrder) {
  for (const std::size_t count : {1U, 3U, 17U, 200U}) {
    const HashRing ring(*ring_of(names_of(count)));
    const auto points = ring.points();
    EXPECT_EQ(points.size(), count * HashRing::points_per_server(count));
    EXPECT_TRUE(std::ranges::is_sorted(points, {}, &HashRing::Point::place));
    RandomBits random(count);
    for (int i = 0; i < 10'000; ++i) {
      const auto place = static_cast<std::uint32_t>(random.next());
      const auto expected = std::ranges::lower_bound(points, place, {}, &HashRing::Point::place);
      ASSERT_EQ(ring.first_at(place), static_cast<std::size_t>(expected - points.begin()));
    }
  }
}

// Values written down once: a later version, another machine and every worker agree on them.
TEST(BoundedHash, IsTheSameOnEveryWorkerAndAfterARestart) {
  const auto names = names_of(5);
  for (const std::uint32_t start : {0U, 1U, 7U}) {
    Balancer balancer = hash_of(names, equal(5), 125, start);
    std::string picks;
    for (std::size_t i = 0; i < 20; ++i)
      picks += std::to_string(balancer.pick(Idle{}, {}, key_of(i)));
    EXPECT_EQ(picks, "23442222000301112222") << start;
  }
}

TEST(BoundedHash, GoesByNamesAndNotByTheirOrder) {
  auto names = names_of(7);
  Balancer one = hash_of(names, equal(7));
  const auto before = owners(one, 2'000);
  std::ranges::reverse(names);
  Balancer other = hash_of(names, equal(7));
  const auto after = owners(other, 2'000);
  for (std::size_t i = 0; i < before.size(); ++i)
    ASSERT_EQ(before[i], 6 - after[i]) << i;
}

struct MoveCase {
  std::size_t servers;
  std::vector<std::uint32_t> weights;  // in turn, over all servers
};

const MoveCase kMoveCases[] = {
    {3, {1}},       {10, {1}},           {100, {1}},         {1'000, {1}},
    {3, {1, 2, 5}}, {10, {1, 2, 3, 20}}, {100, {1, 7, 256}}, {1'000, {1, 10, 65'535}},
};

std::vector<ServerState> states_of(const MoveCase& row) {
  std::vector<ServerState> states = equal(row.servers);
  for (std::size_t i = 0; i < states.size(); ++i)
    states[i].weight = row.weights[i % row.weights.size()];
  return states;
}

double share_of(const std::vector<ServerState>& states, std::size_t server) {
  double total = 0;
  for (const ServerState& state : states)
    total += state.weight;
  return states[server].weight / total;
}

// Who leaves moves its own keys and no others: its share (1 / n for equal weights) and at most 2 %
// of all; when it is back, every key is where it was. First down, then gone from the
// configuration.
TEST(BoundedHash, MovesOnlyTheKeysOfTheOneThatLeaves) {
  for (const MoveCase& row : kMoveCases) {
    const auto names = names_of(row.servers);
    const auto all_up = states_of(row);
    Balancer balancer = hash_of(names, all_up);
    const auto before = owners(balancer);
    for (const std::size_t gone : {std::size_t{0}, std::size_t{1}, row.servers - 1}) {
      auto states = all_up;
      states[gone].usable = false;
      balancer.update(states);
      const auto after = owners(balancer);
      for (std::size_t i = 0; i < before.size(); ++i) {
        ASSERT_TRUE(after[i] == before[i] || before[i] == gone) << "a key of another server moved";
        ASSERT_NE(after[i], gone);
      }
      EXPECT_LE(share_moved(before, after), share_of(all_up, gone) + 0.02)
          << row.servers << " servers, without " << gone;
      balancer.update(all_up);
    }
    EXPECT_EQ(owners(balancer), before);
  }
}

TEST(BoundedHash, MovesNoMoreKeysWhenAServerLeavesTheConfiguration) {
  for (const std::size_t count : {3U, 10U, 100U, 1'000U}) {
    auto names = names_of(count);
    Balancer with = hash_of(names, equal(count));
    names.pop_back();
    Balancer without = hash_of(names, equal(count - 1));
    EXPECT_LE(share_moved(owners(with), owners(without)), 1.0 / static_cast<double>(count) + 0.02)
        << count;
  }
}

TEST(BoundedHash, SpreadsKeysByWeight) {
  for (const MoveCase& row : kMoveCases) {
    const auto states = states_of(row);
    Balancer balancer = hash_of(names_of(row.servers), states);
    std::vector<double> got(row.servers);
    for (const std::size_t owner : owners(balancer))
      got[owner] += 1.0 / kKeys;
    for (std::size_t i = 0; i < row.servers; ++i) {
      const double due = share_of(states, i);
      EXPECT_NEAR(got[i], due, 0.15 * due + 5 * std::sqrt(due / kKeys) + 1.5 / kKeys)
          << row.servers << " servers, " << i << " of weight " << states[i].weight;
    }
  }
}

// A weight that grows by a tenth takes about a tenth of its share from the others, and no key moves
// between those.
TEST(BoundedHash, AWeightThatChangesMovesOnlyWhatTheChangeNeeds) {
  for (const std::size_t count : {3U, 100U}) {
    auto states = equal(count, 1'000);
    Balancer balancer = hash_of(names_of(count), states);
    const auto before = owners(balancer);
    states[1].weight = 1'100;
    balancer.update(states);
    const auto grown = owners(balancer);
    for (std::size_t i = 0; i < before.size(); ++i)
      ASSERT_TRUE(grown[i] == before[i] || grown[i] == 1);
    const double share = 1.0 / static_cast<double>(count);
    EXPECT_NEAR(share_moved(before, grown), 0.1 * share * (1 - share), 0.05 * share);
    for (ServerState& state : states)
      state.weight *= 37;
    balancer.update(states);
    EXPECT_EQ(owners(balancer), grown) << "only the ratios of weights count";
  }
}

// The promise of the paper: no request makes a server hold more than c times its share of all in
// flight, rounded up; and there is always a server that may take the next.
TEST(BoundedHash, HoldsItsBoundHoweverTheKeysFall) {
  for (const std::uint32_t percent : {101U, 125U, 200U}) {
    auto states = equal(10);
    for (std::size_t i = 0; i < states.size(); ++i)
      states[i].weight = 1 + static_cast<std::uint32_t>(i % 3);
    const double total_weight = 19;
    Balancer balancer = hash_of(names_of(10), states, percent);
    FakeLoad load{.loads = std::vector<std::uint32_t>(10)};
    RandomBits random(percent);
    std::uint32_t all = 0;
    for (int i = 0; i < 20'000; ++i) {
      // Half of the requests have one of two keys; now and then a request ends.
      const std::uint64_t bits = random.next();
      const std::size_t server = balancer.pick(load, {}, bits % 2 == 0 ? key_of(bits % 4) : bits);
      ASSERT_NE(server, Balancer::kNone);
      ++all;
      const double bound = std::ceil(percent / 100.0 * states[server].weight / total_weight * all);
      ASSERT_LE(++load.loads[server], bound + 1e-9) << i;
      const std::size_t ends = random.next() % 10;
      if (all < 500 || load.loads[ends] == 0) continue;
      --load.loads[ends];
      --all;
    }
  }
}

TEST(BoundedHash, WhatDoesNotFitGoesToTheKeysNextServerAndComesBack) {
  const auto names = names_of(4);
  Balancer balancer = hash_of(names, equal(4), 125);
  const std::uint64_t key = key_of(1);
  const std::size_t own = balancer.pick(Idle{}, {}, key);
  auto without_own = equal(4);
  without_own[own].usable = false;
  Balancer fallback = hash_of(names, without_own, 125);
  const std::size_t next = fallback.pick(Idle{}, {}, key);

  FakeLoad load{.loads = {2, 2, 2, 2}};
  EXPECT_EQ(balancer.pick(load, {}, key), own);
  load.loads[own] = 9;
  EXPECT_EQ(balancer.pick(load, {}, key), next) << "the same as if its own were gone";
  load.loads[own] = 2;
  EXPECT_EQ(balancer.pick(load, {}, key), own);
}

TEST(BoundedHash, AvoidsFullAndTriedServersAndThenTheBound) {
  Balancer balancer = hash_of(names_of(3), equal(3), 125);
  const std::uint64_t key = key_of(3);
  const std::size_t own = balancer.pick(Idle{}, {}, key);
  FakeLoad load{.loads = {0, 0, 0}};
  load.full[own] = true;
  const std::size_t second = balancer.pick(load, {}, key);
  EXPECT_NE(second, own);
  load.full[second] = true;
  const std::size_t third = balancer.pick(load, {}, key);
  EXPECT_TRUE(third != own && third != second);
  load.loads[third] = 50;  // over its bound, and the only one with room
  EXPECT_EQ(balancer.pick(load, {}, key), third);
  load.full[third] = true;
  EXPECT_EQ(balancer.pick(load, {}, key), Balancer::kNone);

  TriedSet tried;
  tried.add(own);
  EXPECT_EQ(balancer.pick(Idle{}, tried, key), second) << "a retry goes to the key's next server";
  tried.add(second);
  tried.add(third);
  EXPECT_EQ(balancer.pick(Idle{}, tried, key), own) << "all tried";
}

TEST(BoundedHash, FindsTheOnlyOneOfAThousand) {
  auto states = equal(1'000);
  for (ServerState& state : states)
    state.usable = false;
  Balancer balancer = hash_of(names_of(1'000), states, 125);
  EXPECT_EQ(balancer.pick(Idle{}, {}, key_of(0)), Balancer::kNone);
  EXPECT_FALSE(balancer.has_server());
  states[617].usable = true;
  balancer.update(states);
  for (std::size_t i = 0; i < 1'000; ++i)
    ASSERT_EQ(balancer.pick(Idle{}, {}, key_of(i)), 617U);
}

}  // namespace
}  // namespace ravelin::gateway
