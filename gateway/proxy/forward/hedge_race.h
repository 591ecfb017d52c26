// Two tries of one request side by side: which of them is the request's, as each ends. Pure.
#pragma once

namespace ravelin::gateway {

enum class TryState : unsigned char {
  absent,  // not begun, or dropped
  under_way,
  good,  // an answer that may be passed on has begun
  bad,   // it ended without one
};

enum class RaceStep : unsigned char {
  wait,
  take_first,  // that one is the request's, however it went; the other is let go
  take_second,
  drop_first,  // it failed and the other goes on
  drop_second,
};

// At least one is there. Of two good ones the first counts; what failed counts once nothing else is
// left, the second last.
constexpr RaceStep race_step(TryState first, TryState second) {
  if (first == TryState::good) return RaceStep::take_first;
  if (second == TryState::good) return RaceStep::take_second;
  if (first == TryState::bad)
    return second == TryState::absent ? RaceStep::take_first : RaceStep::drop_first;
  if (second == TryState::bad)
    return first == TryState::absent ? RaceStep::take_second : RaceStep::drop_second;
  return RaceStep::wait;
}

}  // namespace ravelin::gateway
