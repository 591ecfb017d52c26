#include "system/bans/standing_order.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::system {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

class Order : public testing::Test {
 protected:
  // What is told now; "-": nothing.
  std::string told() { return order_.next(now_).value_or("-"); }

  StandingOrder<std::string> order_;
  MonoTime now_{1h};
};

TEST_F(Order, IsToldOnceItChangesAndBeforeItEnds) {
  EXPECT_EQ(told(), "-");
  EXPECT_EQ(order_.due(), order_.kNever);
  order_.want("a");
  EXPECT_EQ(told(), "a");
  EXPECT_EQ(told(), "-");
  order_.want("a");
  EXPECT_EQ(told(), "-");
  EXPECT_LT(order_.due(), now_ + kOrderLasts / 2);
  now_ = order_.due();
  EXPECT_EQ(told(), "a");
  order_.want("b");
  EXPECT_EQ(told(), "b");
  now_ = order_.due();
  EXPECT_EQ(told(), "b");
}

TEST_F(Order, AnotherAgentIsToldAgain) {
  order_.begin_anew();
  EXPECT_EQ(told(), "-");  // nobody has asked yet
  order_.want("");
  EXPECT_EQ(told(), "");  // a gateway before this one may have asked
  order_.want("a");
  EXPECT_EQ(told(), "a");
  order_.begin_anew();
  EXPECT_EQ(told(), "a");
}

TEST_F(Order, WhatIsWithdrawnIsNotToldAnyMore) {
  order_.want("a");
  EXPECT_EQ(told(), "a");
  order_.withdraw();
  order_.begin_anew();
  EXPECT_EQ(order_.due(), order_.kNever);
  now_ = now_ + kOrderLasts;
  EXPECT_EQ(told(), "-");
}

}  // namespace
}  // namespace ravelin::system
