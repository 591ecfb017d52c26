// Waiting for a time in a coroutine of the control thread: `co_await Sleep(reactor, until)`.
#pragma once

#include "gateway/net/alarm.h"

namespace ravelin::gateway {

class Sleep : public CoroutineWaiter {
 public:
  Sleep(Reactor& reactor, base::MonoTime until) : reactor_(reactor), until_(until) {}

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    reactor_.timers().arm(*this, until_);
  }

 private:
  Reactor& reactor_;
  base::MonoTime until_;
};

}  // namespace ravelin::gateway
