#include "gateway/balance/balancer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

// Servers a, b, c, … with limits and requests in flight.
struct FakePool {
  std::vector<ServerState> states;
  std::vector<std::uint32_t> loads = std::vector<std::uint32_t>(states.size());
  std::vector<bool> full = std::vector<bool>(states.size());

  [[nodiscard]] bool has_room(std::size_t server) const { return !full[server]; }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const { return loads[server]; }
};

FakePool pool_of(std::initializer_list<std::uint32_t> weights) {
  std::vector<ServerState> states;
  for (const std::uint32_t weight : weights)
    states.push_back({.weight = weight, .usable = true});
  return FakePool{.states = states};
}

std::string picks(Balancer& balancer, const FakePool& pool, int count, const TriedSet& tried = {}) {
  std::string text;
  for (; count > 0; --count) {
    const std::size_t server = balancer.pick(pool, tried);
    text += server == Balancer::kNone ? '-' : static_cast<char>('a' + server);
  }
  return text;
}

struct SequenceCase {
  const char* name;
  std::vector<std::uint32_t> weights;
  std::uint32_t start;
  const char* sequence;
};

TEST(RoundRobin, GivesKnownSequences) {
  const SequenceCase cases[] = {
      {"Alone", {7}, 0, "aaaa"},
      {"Equal", {1, 1, 1}, 0, "abcabc"},
      {"EqualButNotOne", {100, 100, 100}, 0, "abcabc"},
      {"SmoothFiveOneOne", {5, 1, 1}, 0, "aabacaaaabacaa"},
      {"SmoothFourTwoOne", {4, 2, 1}, 0, "abacabaabacaba"},
      {"ZeroIsNeverPicked", {0, 2, 1}, 0, "bcbbcb"},
      {"AllZero", {0, 0}, 0, "--"},
      {"SecondWorkerStartsHalfATurnLater", {1, 1, 1, 1}, 1, "cdabcdab"},
      {"ThirdWorkerStartsAQuarterLater", {1, 1, 1, 1}, 2, "bcdabcda"},
      {"FourthWorkerStartsThreeQuartersLater", {1, 1, 1, 1}, 3, "dabcdabc"},
      {"OddTurn", {1, 1, 1}, 1, "bcabca"},
      {"WeightsShareAFactor", {30, 30, 30}, 1, "bcabca"},
      {"WeightedTurnGoesOnFromItsMiddle", {5, 1, 1}, 1, "acaaaabacaaa"},
  };
  for (const SequenceCase& row : cases) {
    FakePool pool = pool_of({});
    for (const std::uint32_t weight : row.weights)
      pool.states.push_back({.weight = weight, .usable = true});
    pool.full.resize(row.weights.size());
    Balancer balancer(Balance::round_robin, row.start);
    balancer.update(pool.states);
    const std::string expected = row.sequence;
    EXPECT_EQ(picks(balancer, pool, static_cast<int>(expected.size())), expected) << row.name;
  }
}

TEST(RoundRobin, WithoutServersPicksNone) {
  Balancer balancer(Balance::round_robin, 0);
  const FakePool pool = pool_of({});
  EXPECT_EQ(picks(balancer, pool, 1), "-");
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 1), "-");
  EXPECT_FALSE(balancer.has_server());
}

TEST(RoundRobin, AnUpdateThatChangesNothingChangesNothing) {
  const FakePool pool = pool_of({5, 3, 1, 256, 7});
  Balancer with(Balance::round_robin, 3);
  Balancer without(Balance::round_robin, 3);
  with.update(pool.states);
  without.update(pool.states);
  for (int i = 0; i < 1'000; ++i) {
    with.update(pool.states);
    ASSERT_EQ(with.pick(pool), without.pick(pool)) << i;
  }
}

TEST(RoundRobin, SkipsTheUnusableAndTakesThemBackWithoutABurst) {
  FakePool pool = pool_of({1, 1, 1});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 4), "abca");
  pool.states[1].usable = false;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 4), "caca");
  pool.states[1].usable = true;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 6), "cbacba");
}

TEST(RoundRobin, AWeightHoldsFromTheNextPickOn) {
  FakePool pool = pool_of({100, 100});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 3), "aba");
  pool.states[0].weight = 1;
  pool.states[1].weight = 3;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 8), "bbbabbba");
  pool.states[0].weight = 0;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 3), "bbb");
  pool.states[0].weight = 3;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 6), "bababa");
}

TEST(RoundRobin, UsesBackupsOnlyWhenNothingElseIsUsable) {
  FakePool pool = pool_of({1, 1, 1, 1});
  pool.states[1].group = pool.states[3].group = kBackupGroup;
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 4), "acac");
  EXPECT_EQ(balancer.plan().group, 0U);
  pool.states[0].usable = false;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 2), "cc");
  pool.states[2].usable = false;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 4), "bdbd");
  EXPECT_EQ(balancer.plan().group, kBackupGroup);
  pool.states[1].weight = pool.states[3].weight = 0;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 1), "-");
  pool.states[2].usable = true;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 2), "cc");
}

TEST(RoundRobin, BackupsDoNotRelieveFullServers) {
  FakePool pool = pool_of({1, 1});
  pool.states[1].group = kBackupGroup;
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  pool.full[0] = true;
  EXPECT_EQ(picks(balancer, pool, 1), "-");
  EXPECT_EQ(balancer.plan().group, 0U);
}

TEST(RoundRobin, AFullServerStandsStill) {
  FakePool pool = pool_of({1, 1, 1});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  pool.full[1] = true;
  EXPECT_EQ(picks(balancer, pool, 6), "accaca");
  pool.full[1] = false;
  EXPECT_EQ(picks(balancer, pool, 6), "bcabca") << "no burst for b";
  pool.full = {true, true, true};
  EXPECT_EQ(picks(balancer, pool, 3), "---");
  pool.full = {false, false, false};
  EXPECT_EQ(picks(balancer, pool, 3), "bca") << "in vain, nothing moved";
}

TEST(RoundRobin, PrefersServersNotTried) {
  FakePool pool = pool_of({5, 1, 1});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  TriedSet tried;
  tried.add(0);
  EXPECT_EQ(picks(balancer, pool, 4, tried), "bcbc");
  tried.add(2);
  EXPECT_EQ(picks(balancer, pool, 2, tried), "bb");
  pool.full[1] = true;
  EXPECT_EQ(picks(balancer, pool, 1, tried), "a") << "a tried one with room";
  pool.full[1] = false;
  tried.add(1);
  EXPECT_EQ(picks(balancer, pool, 1, tried), "a") << "all tried";
  pool.full = {true, true, true};
  EXPECT_EQ(picks(balancer, pool, 1, tried), "-");
}

TEST(RoundRobin, ForgetsItsTurnWhenThePoolHasOtherServers) {
  FakePool pool = pool_of({1, 1, 1});
  Balancer balancer(Balance::round_robin, 0);
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 2), "ab");
  pool = pool_of({1, 1});
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 4), "abab");
}

TEST(LeastRequests, PicksTheLeastForItsWeight) {
  FakePool pool = pool_of({1, 2, 4});
  Balancer balancer(Balance::least_requests, 0);
  balancer.update(pool.states);
  pool.loads = {1, 1, 3};
  EXPECT_EQ(picks(balancer, pool, 1), "b");
  pool.loads = {1, 2, 3};
  EXPECT_EQ(picks(balancer, pool, 1), "c");
  pool.loads = {0, 1, 1};
  EXPECT_EQ(picks(balancer, pool, 3), "aaa");
  pool.full[0] = true;
  EXPECT_EQ(picks(balancer, pool, 3), "ccc");
}

TEST(LeastRequests, BreaksTiesInTurnByWeight) {
  FakePool pool = pool_of({5, 1, 1});
  Balancer balancer(Balance::least_requests, 0);
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 7), "aabacaa");
  pool.loads = {10, 2, 2};
  EXPECT_EQ(picks(balancer, pool, 7), "aabacaa");
  pool.loads = {10, 1, 1};
  EXPECT_EQ(picks(balancer, pool, 4), "bcbc");
}

TEST(LeastRequests, ExcludesTriedUntilAllAre) {
  FakePool pool = pool_of({1, 1});
  Balancer balancer(Balance::least_requests, 0);
  balancer.update(pool.states);
  pool.loads = {0, 9};
  TriedSet tried;
  tried.add(0);
  EXPECT_EQ(picks(balancer, pool, 2, tried), "bb");
  tried.add(1);
  EXPECT_EQ(picks(balancer, pool, 2, tried), "aa");
  pool.full = {true, true};
  EXPECT_EQ(picks(balancer, pool, 1, tried), "-");
  pool.states[0].usable = pool.states[1].usable = false;
  balancer.update(pool.states);
  EXPECT_EQ(picks(balancer, pool, 1), "-");
}

TEST(TriedSet, ForgetsWhatDoesNotFit) {
  TriedSet tried;
  EXPECT_TRUE(tried.empty());
  for (std::size_t i = 0; i < TriedSet::kMax + 5; ++i)
    tried.add(i);
  EXPECT_TRUE(tried.contains(0));
  EXPECT_TRUE(tried.contains(TriedSet::kMax - 1));
  EXPECT_FALSE(tried.contains(TriedSet::kMax));
}

}  // namespace
}  // namespace ravelin::gateway
