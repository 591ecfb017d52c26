// Alarm: calls its owner back at a time, unless it is stopped or gone by then. For the control
// thread's few timers; one thread.
#pragma once

#include "gateway/net/reactor.h"
#include "gateway/net/waiter.h"

#include <functional>
#include <utility>

namespace ravelin::gateway {

class Alarm : private Waiter {
 public:
  Alarm(Reactor& reactor, std::function<void()> ring)
      : Waiter([](Waiter& self) { static_cast<Alarm&>(self).ring_(); }),
        reactor_(reactor),
        ring_(std::move(ring)) {}

  // Replaces what was set before.
  void set(base::MonoTime at) { reactor_.timers().arm(*this, at); }

  void stop() { cancel(); }

 private:
  Reactor& reactor_;
  std::function<void()> ring_;
};

}  // namespace ravelin::gateway
