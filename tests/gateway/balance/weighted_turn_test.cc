#include "gateway/balance/weighted_turn.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

std::string turns(WeightedTurn turn, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += static_cast<char>('a' + turn.next());
  return text;
}

TEST(WeightedTurn, IsSmooth) {
  EXPECT_EQ(turns({{5, 1, 1}, 0}, 7), "aabacaa");
  EXPECT_EQ(turns({{1, 1}, 0}, 4), "abab");
  EXPECT_EQ(turns({{1}, 0}, 3), "aaa");
}

TEST(WeightedTurn, IsExactInEveryFullTurn) {
  for (std::uint32_t start = 0; start < 50; ++start) {
    WeightedTurn turn({90, 9, 1}, start);
    for (int round = 0; round < 3; ++round) {
      std::vector<int> count(3);
      for (int i = 0; i < 100; ++i)
        ++count[turn.next()];
      EXPECT_EQ(count, (std::vector<int>{90, 9, 1})) << start;
    }
  }
}

TEST(WeightedTurn, NeverTakesAPartWithoutWeight) {
  EXPECT_EQ(turns({{0, 1, 0}, 3}, 5), "bbbbb");
}

TEST(WeightedTurn, BeginsWhereItIsTold) {
  EXPECT_EQ(turns({{1, 1}, 1}, 3), "bab");
}

}  // namespace
}  // namespace ravelin::gateway
