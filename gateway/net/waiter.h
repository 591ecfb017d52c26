// Waiter: one coroutine (or callback) waiting for any of several things: a socket, a deadline, a
// slot. The first of them to happen fires it and the others let go. One worker's thread.
#pragma once

#include "base/check.h"
#include "base/io/timer_wheel.h"

#include <coroutine>

namespace ravelin::gateway {

enum class Wake : unsigned char {
  ready,     // what was waited for may have happened: try it
  deadline,  // the time is over
  aborted,   // the owner wants this to end now
};

// A waiter is fired at most once for each arm; whoever holds a pointer to it must clear that
// pointer in detach(), which fire() calls first.
class Waiter : public base::TimerNode {
 public:
  using Woken = void (*)(Waiter&);

  explicit Waiter(Woken woken) : woken_(woken) {
    expired_ = [](TimerNode& node) { static_cast<Waiter&>(node).fire(Wake::deadline); };
  }

  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void fire(Wake wake) {
    disarm();
    detach();
    wake_ = wake;
    woken_(*this);
  }

  // Lets go of everything without firing.
  void cancel() {
    disarm();
    detach();
  }

  // The holder of `slot`, which leads to this waiter, goes first.
  void forget(Waiter*& slot) {
    for (Waiter**& own : slots_) {
      if (own == &slot) own = nullptr;
    }
    slot = nullptr;
  }

  [[nodiscard]] Wake wake() const { return wake_; }

  ~Waiter() { detach(); }

 protected:
  // Clears every pointer that leads to this waiter.
  void detach() {
    for (Waiter**& slot : slots_) {
      if (slot != nullptr) *slot = nullptr;
      slot = nullptr;
    }
  }

  void attach(Waiter*& slot) {
    CHECK(slot == nullptr);
    slot = this;
    for (Waiter**& own : slots_) {
      if (own != nullptr) continue;
      own = &slot;
      return;
    }
    CHECK(false);
  }

 private:
  friend class Socket;
  Woken woken_;
  Waiter** slots_[3] = {nullptr, nullptr, nullptr};
  Wake wake_ = Wake::ready;
};

// The waiter inside a suspended coroutine's frame.
class CoroutineWaiter : public Waiter {
 public:
  CoroutineWaiter()
      : Waiter([](Waiter& self) { static_cast<CoroutineWaiter&>(self).handle_.resume(); }) {}

  [[nodiscard]] Wake await_resume() const { return wake(); }

 protected:
  std::coroutine_handle<> handle_;
};

}  // namespace ravelin::gateway
