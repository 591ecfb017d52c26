#include "base/io/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace ravelin::base {
namespace {

using namespace std::chrono_literals;

class Alarm : public TimerNode {
 public:
  Alarm() {
    expired_ = [](TimerNode& node) { ++static_cast<Alarm&>(node).rung; };
  }

  int rung = 0;
};

MonoTime at(Duration time) {
  return {time};
}

TEST(TimerWheel, NeverExpiresEarlyAndAtMostTwoTicksLate) {
  for (const Duration deadline : {1ms, 19ms, 20ms, 21ms, 500ms, 20'000ms, 100'000ms}) {
    TimerWheel wheel(at(1s));
    Alarm alarm;
    wheel.arm(alarm, at(1s + deadline));
    Duration now = 1s;
    while (alarm.rung == 0 && now < 200s) {
      now += 1ms;
      wheel.advance(at(now));
    }
    EXPECT_GE(now, 1s + deadline);
    EXPECT_LE(now, 1s + deadline + 2 * TimerWheel::kTick);
  }
}

TEST(TimerWheel, ExpiresAllThatCameDueDuringALongPause) {
  TimerWheel wheel(at(0s));
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < 5000; ++i) {
    alarms.push_back(std::make_unique<Alarm>());
    wheel.arm(*alarms.back(), at(i * 10ms));
  }
  wheel.advance(at(60s));
  for (const auto& alarm : alarms)
    EXPECT_EQ(alarm->rung, 1);
}

TEST(TimerWheel, ADisarmedOrDestroyedNodeNeverExpires) {
  TimerWheel wheel(at(0s));
  Alarm kept;
  wheel.arm(kept, at(1s));
  kept.disarm();
  {
    Alarm gone;
    wheel.arm(gone, at(1s));
  }
  wheel.advance(at(5s));
  EXPECT_EQ(kept.rung, 0);
  EXPECT_FALSE(kept.is_armed());
}

TEST(TimerWheel, ArmingAgainMovesTheDeadline) {
  TimerWheel wheel(at(0s));
  Alarm alarm;
  wheel.arm(alarm, at(1s));
  wheel.arm(alarm, at(3s));
  wheel.advance(at(2s));
  EXPECT_EQ(alarm.rung, 0);
  wheel.advance(at(4s));
  EXPECT_EQ(alarm.rung, 1);
}

// One that arms itself again from its own expiry.
class Repeating : public TimerNode {
 public:
  explicit Repeating(TimerWheel& wheel) : wheel_(wheel) {
    expired_ = [](TimerNode& node) {
      auto& self = static_cast<Repeating&>(node);
      ++self.rung;
      self.wheel_.arm(self, at(self.rung * 100ms));
    };
  }

  int rung = 0;

 private:
  TimerWheel& wheel_;
};

TEST(TimerWheel, AnExpiryMayArmItselfAgain) {
  TimerWheel wheel(at(0s));
  Repeating repeating(wheel);
  wheel.arm(repeating, at(0s));
  for (Duration now = 0s; now <= 1s; now += 5ms)
    wheel.advance(at(now));
  EXPECT_GE(repeating.rung, 8);
  EXPECT_LE(repeating.rung, 10);
}

}  // namespace
}  // namespace ravelin::base
