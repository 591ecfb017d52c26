#include "base/io/task.h"

#include "base/io/task_group.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ravelin::base {
namespace {

// Suspends until resume() is called.
struct Gate {
  std::coroutine_handle<> waiting;

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }

  void await_resume() const {}

  void resume() { std::exchange(waiting, nullptr).resume(); }
};

Task<std::string> inner(Gate& gate, std::vector<std::string>& events) {
  events.emplace_back("inner begins");
  co_await gate;
  events.emplace_back("inner ends");
  co_return std::string("value");
}

Task<void> outer(Gate& gate, std::vector<std::string>& events) {
  const std::string value = co_await inner(gate, events);
  events.push_back("outer got " + value);
}

TEST(Task, RunsWhenAwaitedAndHandsItsValueBack) {
  Gate gate;
  std::vector<std::string> events;
  TaskGroup group;
  group.spawn(outer(gate, events));
  EXPECT_EQ(group.running(), 1U);
  EXPECT_EQ(events, std::vector<std::string>{"inner begins"});
  gate.resume();
  EXPECT_EQ(events, (std::vector<std::string>{"inner begins", "inner ends", "outer got value"}));
  EXPECT_EQ(group.running(), 0U);
}

Task<std::unique_ptr<int>> make_owner(int value) {
  co_return std::make_unique<int>(value);
}

Task<void> collect(int& sum) {
  for (int i = 0; i < 10'000; ++i) {
    const auto owned = co_await make_owner(i);
    sum += *owned;
  }
}

TEST(Task, CarriesMoveOnlyValuesManyTimesOver) {
  int sum = 0;
  TaskGroup group;
  group.spawn(collect(sum));
  EXPECT_EQ(sum, 49'995'000);
}

struct Witness {
  int& destroyed;

  ~Witness() { ++destroyed; }
};

Task<void> hold(std::unique_ptr<Witness> witness, Gate& gate) {
  co_await gate;
  EXPECT_NE(witness, nullptr);
}

TEST(Task, ATaskThatNeverRanDestroysItsArguments) {
  int destroyed = 0;
  Gate gate;
  { const Task<void> task = hold(std::make_unique<Witness>(Witness{destroyed}), gate); }
  EXPECT_GE(destroyed, 1);
}

TEST(FramePool, GivesTheSameFrameBackAndKeepsLargeOnesOut) {
  // Addresses as numbers: what the pool has back is not touched.
  void* first = frame_pool_allocate(300);
  const auto first_address = reinterpret_cast<std::uintptr_t>(first);
  frame_pool_free(first, 300);
  void* second = frame_pool_allocate(310);  // the same class of 64 bytes
  const auto second_address = reinterpret_cast<std::uintptr_t>(second);
  frame_pool_free(second, 310);
  EXPECT_EQ(first_address, second_address);
  void* large = frame_pool_allocate(100'000);
  const bool is_there = large != nullptr;
  frame_pool_free(large, 100'000);
  EXPECT_TRUE(is_there);
}

}  // namespace
}  // namespace ravelin::base
