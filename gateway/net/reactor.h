// Reactor: a worker's io_context, its timer wheel and its time. Sockets wait for readiness on
// Asio's own epoll set through operations that live inside the socket: no allocation and no system
// call for each wait. One worker's thread, except post().
//
// This is the one place that uses boost::asio::detail (Boost 1.81, checked below): `reactor_op` is
// how Asio's own sockets wait, and bench/wait_bench shows what that saves against async_wait.
#pragma once

#include "base/clock.h"
#include "base/io/timer_wheel.h"

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/version.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <utility>

static_assert(BOOST_VERSION == 108100, "gateway/net/reactor uses internals of Asio in Boost 1.81");

namespace ravelin::gateway {

class Reactor {
 public:
  using Epoll = boost::asio::detail::epoll_reactor;

  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Runs until stop(). Calls nothing of ours on other threads.
  void run();

  void stop() { io_.stop(); }

  // Any thread: runs `function` on this reactor's thread, soon.
  template <class Function>
  void post(Function&& function) {
    boost::asio::post(io_, [this, work = std::forward<Function>(function)]() mutable {
      begin_turn();
      work();
    });
  }

  // `co_await reactor.yield()`: lets everything else that is ready run first.
  struct Yield {
    Reactor& reactor;

    [[nodiscard]] bool await_ready() const { return false; }

    void await_suspend(std::coroutine_handle<> handle) const { reactor.post(handle); }

    void await_resume() const {}
  };

  Yield yield() { return {*this}; }

  // Time at the start of the present wake-up: cheap, at most one wake-up old.
  [[nodiscard]] base::MonoTime now() const { return now_; }

  base::MonoTime refresh_now() { return now_ = base::mono_now(); }

  // A turn: what runs between two looks at the kernel's events, or a part of it. Edges, posted work
  // and ticks begin one; whoever else resumes a coroutine must not arm a new socket there.
  [[nodiscard]] std::uint64_t turn() const { return turn_; }

  void begin_turn() { ++turn_; }

  base::TimerWheel& timers() { return timers_; }

  boost::asio::io_context& io() { return io_; }

  Epoll& epoll() { return epoll_; }

  // Of all reactors that do this with the same open file, an edge of reading wakes one that sleeps
  // (EPOLLEXCLUSIVE, epoll_ctl(2)), not each. Only for what is never waited on for writing. Where
  // the kernel refuses, all are woken as before.
  void wake_one(int fd, Epoll::per_descriptor_data descriptor);

  // How late this loop has run a tick at worst since last asked, or is late with one now. Any
  // thread; 0 before run().
  base::Duration take_max_lag(base::MonoTime now);

 private:
  void schedule_tick();

  boost::asio::io_context io_{1};
  Epoll& epoll_;
  boost::asio::steady_timer tick_timer_{io_};
  base::MonoTime now_;
  std::uint64_t turn_ = 0;
  base::TimerWheel timers_;
  base::MonoTime tick_due_;
  std::atomic<std::int64_t> tick_due_ns_{0};  // the same for other threads; 0 = never
  std::atomic<std::int64_t> max_lag_ns_{0};
};

}  // namespace ravelin::gateway
