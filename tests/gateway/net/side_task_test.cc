// A task beside its owner: it runs by itself, tells of its end, and goes when its owner does.
#include "gateway/net/side_task.h"

#include "base/io/task_group.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace ravelin::gateway {
namespace {

using base::Task;

// A place to wait at, like a socket's: forgets whoever waits when that one goes.
class Gate {
 public:
  class Wait : public CoroutineWaiter {
   public:
    explicit Wait(Gate& gate) : gate_(gate) {}

    [[nodiscard]] bool await_ready() const { return false; }

    void await_suspend(std::coroutine_handle<> handle) {
      handle_ = handle;
      attach(gate_.waiter_);
    }

   private:
    Gate& gate_;
  };

  void open() {
    if (waiter_ != nullptr) waiter_->fire(Wake::ready);
  }

  [[nodiscard]] bool is_waited_for() const { return waiter_ != nullptr; }

 private:
  Waiter* waiter_ = nullptr;
};

struct Witness {
  int& gone;

  ~Witness() { ++gone; }
};

Task<void> inner(Gate& gate, int& gone) {
  const Witness witness{gone};
  Gate::Wait wait(gate);
  co_await wait;
}

Task<void> outer(Gate& gate, int& gone, int& done) {
  const Witness witness{gone};
  co_await inner(gate, gone);
  ++done;
}

class EndWait : public CoroutineWaiter {
 public:
  explicit EndWait(SideTask& task) : task_(task) {}

  [[nodiscard]] bool await_ready() const { return !task_.is_running(); }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    attach(task_.end_slot());
  }

 private:
  SideTask& task_;
};

TEST(SideTask, RunsByItselfToItsEnd) {
  Gate gate;
  int gone = 0;
  int done = 0;
  SideTask side;
  EXPECT_FALSE(side.is_running());
  side.start(outer(gate, gone, done));
  EXPECT_TRUE(side.is_running());
  EXPECT_EQ(done, 0);
  gate.open();
  EXPECT_FALSE(side.is_running());
  EXPECT_EQ(done, 1);
  EXPECT_EQ(gone, 2);
}

TEST(SideTask, ThatIsEndedLetsGoOfEverythingWhereverItWaits) {
  Gate gate;
  int gone = 0;
  int done = 0;
  SideTask side;
  side.start(outer(gate, gone, done));
  EXPECT_TRUE(gate.is_waited_for());
  side.end();
  EXPECT_FALSE(gate.is_waited_for());
  EXPECT_EQ(gone, 2);
  EXPECT_EQ(done, 0);
  gate.open();
  EXPECT_EQ(done, 0);
  side.start(outer(gate, gone, done));  // it may be used again
  gate.open();
  EXPECT_EQ(done, 1);
}

TEST(SideTask, EndsWithItsOwner) {
  Gate gate;
  int gone = 0;
  int done = 0;
  {
    SideTask side;
    side.start(outer(gate, gone, done));
  }
  EXPECT_FALSE(gate.is_waited_for());
  EXPECT_EQ(gone, 2);
}

Task<void> race(Gate& first_gate, Gate& second_gate, int& gone, int& done, bool& over) {
  std::optional<SideTask> first(std::in_place);
  SideTask second;
  first->start(outer(first_gate, gone, done));
  second.start(outer(second_gate, gone, done));
  EndWait wait(*first);
  co_await wait;
  first.reset();  // while what resumed this is still below on the stack
  over = true;
}

TEST(SideTask, ItsOwnerMayDestroyItAndItsSiblingsWhenToldOfItsEnd) {
  for (int i = 0; i < 100; ++i) {
    Gate first;
    Gate second;
    int gone = 0;
    int done = 0;
    bool over = false;
    base::TaskGroup group;
    group.spawn(race(first, second, gone, done, over));
    EXPECT_TRUE(first.is_waited_for() && second.is_waited_for());
    first.open();
    EXPECT_TRUE(over);
    EXPECT_FALSE(second.is_waited_for());
    EXPECT_EQ(done, 1);
    EXPECT_EQ(gone, 4);
    EXPECT_EQ(group.running(), 0U);
  }
}

Task<void> at_once(int& done) {
  ++done;
  co_return;
}

TEST(SideTask, MayEndBeforeItsStartReturns) {
  int done = 0;
  SideTask side;
  side.start(at_once(done));
  EXPECT_FALSE(side.is_running());
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace ravelin::gateway
