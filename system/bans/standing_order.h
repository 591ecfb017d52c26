// StandingOrder: something the gateway wants of the firewall for as long as it says so, and when
// the firewall is to be told: when it is another, when the agent is another, and again and again,
// before what it was told ends and whatever another gateway has told it. Pure: times are given; one
// thread at a time.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <optional>
#include <utility>

namespace ravelin::system {

// How long the firewall keeps to an order without being told again: what a gateway wanted that has
// ended does not last.
inline constexpr std::chrono::seconds kOrderLasts{60};

template <class Wanted>
class StandingOrder {
 public:
  static constexpr base::MonoTime kNever{base::Duration::max()};

  void want(Wanted wanted) {
    if (wanted == wanted_) return;
    wanted_ = std::move(wanted);
    due_ = base::MonoTime();
  }

  // What is to be told now; none: nothing.
  std::optional<Wanted> next(base::MonoTime now) {
    if (now < due_) return std::nullopt;
    due_ = now + kOrderLasts / 3;
    return wanted_;
  }

  // When next() may have something again; kNever: not before want() or begin_anew().
  [[nodiscard]] base::MonoTime due() const { return due_; }

  // The agent is another one, or may be: what it keeps to is not known.
  void begin_anew() {
    if (wanted_) due_ = base::MonoTime();
  }

  // Another gateway says what is wanted from now on.
  void withdraw() {
    wanted_.reset();
    due_ = kNever;
  }

 private:
  std::optional<Wanted> wanted_;  // none: nobody has asked yet
  base::MonoTime due_ = kNever;
};

}  // namespace ravelin::system
