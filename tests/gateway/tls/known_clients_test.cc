#include "gateway/tls/known_clients.h"

#include "base/hash.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

// Spread over the table, as keyed hashes are.
std::uint64_t hash_of(std::uint64_t client) {
  return base::mix_bits(client + 1);
}

std::size_t count_known(const KnownClients& known, std::uint64_t from, std::uint64_t to) {
  std::size_t count = 0;
  for (std::uint64_t i = from; i < to; ++i)
    count += known.contains(hash_of(i)) ? 1 : 0;
  return count;
}

TEST(KnownClients, RemembersWhomItHasSeenAndNobodyElse) {
  KnownClients known(1024);
  for (std::uint64_t i = 0; i < 300; ++i)
    known.add(hash_of(i));
  EXPECT_EQ(count_known(known, 0, 300), 300U);
  EXPECT_EQ(count_known(known, 300, 10'000), 0U);
}

TEST(KnownClients, ForgetsWhoWasNotSeenForTwoHalfLives) {
  KnownClients known(1024);
  known.age(MonoTime{});
  known.add(hash_of(1));
  known.add(hash_of(2));
  known.age(MonoTime{KnownClients::kHalfLife});
  EXPECT_EQ(count_known(known, 1, 3), 2U);
  known.add(hash_of(2));
  known.age(MonoTime{2 * KnownClients::kHalfLife});
  EXPECT_FALSE(known.contains(hash_of(1)));
  EXPECT_TRUE(known.contains(hash_of(2)));
}

TEST(KnownClients, ForgetsTheOldestWhereThereAreTooMany) {
  KnownClients known(1024);
  std::uint64_t next = 0;
  for (int turn = 0; turn < 10; ++turn) {
    for (int i = 0; i < 800; ++i)
      known.add(hash_of(next++));
    known.age(MonoTime{1s});
  }
  // Those of the last turns are known but for a few rows that were full.
  EXPECT_GT(count_known(known, next - 800, next), 700U);
  EXPECT_EQ(count_known(known, 0, 4000), 0U);
}

TEST(KnownClients, OverflowingARowForgetsOneOfIt) {
  KnownClients known(16);
  for (std::uint64_t i = 0; i < 100; ++i)
    known.add(hash_of(i));
  EXPECT_TRUE(known.contains(hash_of(99)));
  EXPECT_LE(count_known(known, 0, 100), 16U);
}

}  // namespace
}  // namespace ravelin::gateway
