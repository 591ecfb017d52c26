// Pause: `co_await` for a while, for whoever must let others go first. One worker's thread.
#pragma once

#include "gateway/net/reactor.h"
#include "gateway/net/waiter.h"

namespace ravelin::gateway {

// Ends with Wake::deadline, or with what it is fired with before.
class Pause : public CoroutineWaiter {
 public:
  Pause(Reactor& reactor, base::Duration time) : reactor_(reactor), time_(time) {}

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    reactor_.timers().arm(*this, reactor_.now() + time_);
  }

 private:
  Reactor& reactor_;
  base::Duration time_;
};

}  // namespace ravelin::gateway
