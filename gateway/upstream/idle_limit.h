// IdleLimit: how long a server keeps a connection that is idle, learned from what it does and says,
// so that connections are let go of before it closes them. Pure; the caller brings the time.
#pragma once

#include "base/clock.h"

#include <chrono>

namespace ravelin::gateway {

class IdleLimit {
 public:
  // A server that starts anew closes all at once, whatever their age: only closes that are this far
  // apart and agree to a quarter say something of its habits.
  static constexpr base::Duration kApart = std::chrono::seconds(1);
  // Closes before that are races of another kind.
  static constexpr base::Duration kIdleMin = std::chrono::milliseconds(500);
  // What was learned doubles each time this has passed: who lets go early never sees that a server
  // has become more patient.
  static constexpr base::Duration kDoublesEvery = std::chrono::minutes(10);

  // The server closed a connection that had been idle for `idle`.
  void closed(base::MonoTime now, base::Duration idle);

  // `Keep-Alive: timeout=N` of a response; the last one counts. Up to a second says nothing.
  void announced(std::chrono::seconds timeout);

  // For how long a connection may be idle; base::Duration::max() = nothing is known.
  [[nodiscard]] base::Duration at(base::MonoTime now) const;

 private:
  base::MonoTime closed_at_;
  base::Duration closed_after_{};  // 0 = it has closed none
  base::MonoTime learned_at_;
  base::Duration learned_ = base::Duration::max();
  base::Duration announced_ = base::Duration::max();
};

}  // namespace ravelin::gateway
