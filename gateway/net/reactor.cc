#include "gateway/net/reactor.h"

#include <sys/epoll.h>

#include <algorithm>

namespace ravelin::gateway {

namespace {

// Asio has no words for EPOLLEXCLUSIVE and keeps its epoll descriptor to itself; an explicit
// instantiation may name a private member (C++20 [temp.spec.general]).
int epoll_descriptor(const Reactor::Epoll& epoll);

template <auto Member>
struct Reveal {
  friend int epoll_descriptor(const Reactor::Epoll& epoll) { return epoll.*Member; }
};

template struct Reveal<&Reactor::Epoll::epoll_fd_>;

}  // namespace

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

// The flag can be given only when a descriptor is added. Asio adds EPOLLPRI, which it forbids.
void Reactor::wake_one(int fd, Epoll::per_descriptor_data descriptor) {
  const int epoll = epoll_descriptor(epoll_);
  epoll_event event{};
  event.data.ptr = descriptor;
  if (::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event) != 0) return;
  constexpr std::uint32_t kAsAsio = EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLET;
  event.events = kAsAsio | EPOLLEXCLUSIVE;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return;
  event.events = kAsAsio | EPOLLPRI;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
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
