#include "gateway/limit/in_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

TEST(InFlightTable, CountsEachKeyUpToItsLimit) {
  InFlightTable table;
  EXPECT_TRUE(table.enter(7, 2));
  EXPECT_TRUE(table.enter(7, 2));
  EXPECT_FALSE(table.enter(7, 2));
  EXPECT_TRUE(table.enter(8, 1));
  table.leave(7);
  EXPECT_TRUE(table.enter(7, 2));
  EXPECT_EQ(table.count(7), 2U);
  EXPECT_EQ(table.keys(), 2U);
}

TEST(InFlightTable, KeepsNoKeyWithoutRequests) {
  InFlightTable table;
  EXPECT_FALSE(table.enter(9, 0));
  for (std::uint64_t key = 1; key < 1000; ++key) {
    EXPECT_TRUE(table.enter(key << 50, 1));
    table.leave(key << 50);
  }
  EXPECT_EQ(table.keys(), 0U);
}

TEST(InFlightTable, IsExactOverThreads) {
  InFlightTable table;
  std::atomic<std::uint32_t> inside{0};
  std::atomic<std::uint32_t> most{0};
  const auto work = [&] {
    for (int i = 0; i < 20'000; ++i) {
      if (!table.enter(1, 2)) continue;
      const std::uint32_t now = inside.fetch_add(1) + 1;
      std::uint32_t seen = most.load();
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      inside.fetch_sub(1);
      table.leave(1);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(work);
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_LE(most.load(), 2U);
  EXPECT_GE(most.load(), 1U);
  EXPECT_EQ(table.keys(), 0U);
}

TEST(InFlightPlace, GivesItsPlaceBackOnce) {
  const auto table = std::make_shared<InFlightTable>();
  {
    InFlightPlace outer;
    {
      EXPECT_TRUE(table->enter(3, 5));
      InFlightPlace place(table, 3);
      InFlightPlace moved(std::move(place));
      outer = std::move(moved);
    }
    EXPECT_EQ(table->count(3), 1U);
    EXPECT_TRUE(table->enter(4, 5));
    outer = InFlightPlace(table, 4);  // the former one is given back
    EXPECT_EQ(table->count(3), 0U);
    EXPECT_EQ(table->count(4), 1U);
  }
  EXPECT_EQ(table->keys(), 0U);
}

}  // namespace
}  // namespace ravelin::gateway
