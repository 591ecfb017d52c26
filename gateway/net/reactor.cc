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
  tick_due_ns_.store(tick_due_.since_boot.count(), std::memory_order_relaxed);
  tick_timer_.expires_after(base::TimerWheel::kTick);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    begin_turn();
    const std::int64_t lag_ns = (refresh_now() - tick_due_).count();
    if (lag_ns > max_lag_ns_.load(std::memory_order_relaxed))
      max_lag_ns_.store(lag_ns, std::memory_order_relaxed);
    timers_.advance(now_);
    schedule_tick();
  });
}

base::Duration Reactor::take_max_lag(base::MonoTime now) {
  const std::int64_t due_ns = tick_due_ns_.load(std::memory_order_relaxed);
  const std::int64_t late_ns = due_ns == 0 ? 0 : now.since_boot.count() - due_ns;
  const std::int64_t worst_ns = max_lag_ns_.exchange(0, std::memory_order_relaxed);
  return base::Duration(std::max({worst_ns, late_ns, std::int64_t{0}}));
}

}  // namespace ravelin::gateway
