#include "gateway/limit/bucket_table.h"

#include "gateway/limit/sip_hash.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::MonoTime;

constexpr MonoTime kStart{1000s};
const SipKey kSecret{1, 2};

BucketTable::Key key_of(std::uint64_t number) {
  const std::uint64_t hash = sip_hash(kSecret, std::to_string(number));
  return {hash, hash};
}

TEST(BucketTable, GivesABurstAndThenTheRate) {
  BucketTable table(100);
  const BucketTable::Key key = key_of(1);
  const auto take = [&](MonoTime at) { return table.take(key, 100ms, 300ms, at); };
  EXPECT_EQ(take(kStart), 0ns);
  EXPECT_EQ(take(kStart), 0ns);
  EXPECT_EQ(take(kStart), 0ns);
  EXPECT_EQ(take(kStart), 100ms);
  EXPECT_EQ(take(kStart), 100ms) << "a refusal costs nothing";
  EXPECT_EQ(take(kStart + 40ms), 60ms);
  EXPECT_EQ(take(kStart + 100ms), 0ns);
  EXPECT_EQ(take(kStart + 100ms), 100ms);
  EXPECT_EQ(take(kStart + 10s), 0ns);
  EXPECT_EQ(table.level(key, kStart + 10s), 100ms) << "no more than a burst is saved";
}

TEST(BucketTable, KeysDoNotTouchEachOther) {
  BucketTable table(100);
  EXPECT_EQ(table.take(key_of(1), 1s, 1s, kStart), 0ns);
  EXPECT_EQ(table.take(key_of(2), 1s, 1s, kStart), 0ns);
  EXPECT_EQ(table.take(key_of(1), 1s, 1s, kStart), 1s);
  EXPECT_TRUE(table.forget(key_of(1), kStart));
  EXPECT_FALSE(table.forget(key_of(1), kStart));
  EXPECT_EQ(table.take(key_of(1), 1s, 1s, kStart), 0ns);
  EXPECT_EQ(table.take(key_of(2), 1s, 1s, kStart), 1s);
}

TEST(BucketTable, AddsUpToTheBrimAndDrains) {
  BucketTable table(100);
  const BucketTable::Key key = key_of(1);
  EXPECT_EQ(table.add(key, 4s, 10s, kStart), 4s);
  EXPECT_EQ(table.add(key, 4s, 10s, kStart), 8s);
  EXPECT_EQ(table.add(key, 4s, 10s, kStart), 10s);
  EXPECT_EQ(table.level(key, kStart + 3s), 7s);
  EXPECT_EQ(table.level(key, kStart + 20s), 0s);
  EXPECT_EQ(table.level(key_of(2), kStart), 0s);
}

TEST(BucketTable, AnOlderClockOfAnotherThreadChangesLittle) {
  BucketTable table(100);
  EXPECT_EQ(table.take(key_of(1), 100ms, 200ms, kStart + 1ms), 0ns);
  EXPECT_EQ(table.take(key_of(1), 100ms, 200ms, kStart), 1ms) << "as if the bucket held more";
  EXPECT_EQ(table.take(key_of(1), 100ms, 200ms, kStart + 1ms), 0ns);
}

TEST(BucketTable, ListsTheFullestFirst) {
  BucketTable table(1000);
  for (std::uint64_t i = 1; i <= 50; ++i)
    table.add(key_of(i), std::chrono::seconds(i), 100s, kStart);
  const auto fullest = table.fullest(3, kStart + 10s);
  ASSERT_EQ(fullest.size(), 3U);
  EXPECT_EQ(fullest[0].id, key_of(50).id);
  EXPECT_EQ(fullest[0].level, 40s);
  EXPECT_EQ(fullest[2].level, 38s);
  EXPECT_EQ(table.fullest(100, kStart + 48s).size(), 2U);
  EXPECT_EQ(table.estimate_in_use(kStart + 48s), 2U);
  EXPECT_EQ(table.estimate_in_use(kStart), 50U);
}

TEST(BucketTable, AFullSetForgetsTheOneThatDrainsFirst) {
  BucketTable table(1);  // one set of seven
  ASSERT_EQ(table.entries(), 7U);
  for (std::uint64_t i = 1; i <= 7; ++i)
    table.add(key_of(i), std::chrono::seconds(10 + i), 100s, kStart);
  EXPECT_EQ(table.evicted(), 0U);
  table.add(key_of(8), 1s, 100s, kStart);
  EXPECT_EQ(table.evicted(), 1U);
  EXPECT_EQ(table.level(key_of(1), kStart), 0s);
  EXPECT_EQ(table.level(key_of(7), kStart), 17s);
  table.add(key_of(9), 1s, 100s, kStart);  // takes the place of the other newcomer
  EXPECT_EQ(table.level(key_of(8), kStart), 0s);
  EXPECT_EQ(table.level(key_of(2), kStart), 12s);
  table.add(key_of(10), 1s, 100s, kStart + 14s);  // those up to 4 are empty by now: nothing is lost
  EXPECT_EQ(table.evicted(), 2U);
}

// One million clients that come once, at 200,000 a second, through a table of 8,192 of which
// they would fill 20,000. Meanwhile a
// thousand who keep to their limit are never refused, and a hundred who do not are held to it.
TEST(BucketTable, ASprayOfAMillionClientsHurtsNobodyAndFreesNobody) {
  constexpr Duration kCost = 100ms;           // 10 requests a second
  constexpr Duration kCapacity = kCost * 20;  // bursts of 20
  constexpr std::uint64_t kSprayed = 1'000'000;
  constexpr std::uint64_t kLawful = 1'000;
  constexpr std::uint64_t kAbusers = 100;
  BucketTable table(8'192);
  std::uint64_t lawful_refused = 0;
  std::vector<std::uint64_t> abuser_served(kAbusers, 0);
  MonoTime now = kStart;
  for (std::uint64_t i = 0; i < kSprayed; ++i) {
    now = now + 5us;
    EXPECT_EQ(table.take(key_of(10'000'000 + i), kCost, kCapacity, now), 0ns) << "a newcomer";
    if (i % 100 == 0) {  // each of the thousand twice a second, each abuser 80 times
      const std::uint64_t turn = i / 100;
      const std::uint64_t lawful = 1'000 + turn % kLawful;
      lawful_refused += table.take(key_of(lawful), kCost, kCapacity, now) > 0ns ? 1 : 0;
      const std::uint64_t abuser = turn % kAbusers;
      for (int times = 0; times < 4; ++times)
        abuser_served[abuser] +=
            table.take(key_of(abuser + 1), kCost, kCapacity, now) == 0ns ? 1 : 0;
    }
  }
  EXPECT_EQ(lawful_refused, 0U);
  const auto seconds = std::chrono::duration<double>(now - kStart).count();
  const double allowed = 20 + 10 * seconds;
  for (const std::uint64_t served : abuser_served) {
    EXPECT_LE(static_cast<double>(served), allowed + 4);  // within one turn of four
    EXPECT_GE(static_cast<double>(served), allowed - 4);
  }
  EXPECT_LE(table.entries(), 8'192U + 7U);
  EXPECT_GT(table.evicted(), kSprayed / 2) << "the spray replaced itself";
}

TEST(BucketTable, IsExactOverThreads) {
  BucketTable table(7);  // all in one set: the worst case
  std::atomic<int> served{0};
  const auto work = [&] {
    for (int i = 0; i < 20'000; ++i) {
      if (table.take(key_of(1), 1s, 5000s, kStart) == 0ns) ++served;
      table.take(key_of(2), 1s, 5000s, kStart);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(work);
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(served.load(), 5000);
}

}  // namespace
}  // namespace ravelin::gateway
