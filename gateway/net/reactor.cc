#include "gateway/net/reactor.h"

#include <algorithm>

namespace ravelin::gateway {

Reactor::Reactor()
    : epoll_(boost::asio::use_service<Epoll>(io_)),
      now_(base::mono_now()),
      timers_(now_),
      tick_due_(now_) {
  epoll_.init_task();
}

void Reactor::run() {
  const auto work = boost::asio::make_work_guard(io_);
  refresh_now();
  schedule_tick();
  io_.run();
}

void Reactor::schedule_tick() {
  tick_due_ = refresh_now() + base::TimerWheel::kTick;
  tick_timer_.expires_after(base::TimerWheel::kTick);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    begin_turn();
    max_lag_ = std::max(max_lag_, refresh_now() - tick_due_);
    timers_.advance(now_);
    schedule_tick();
  });
}

base::Duration Reactor::take_max_lag() {
  return std::exchange(max_lag_, base::Duration(0));
}

}  // namespace ravelin::gateway
