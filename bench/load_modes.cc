// The load generator's modes.
#include "bench/load_modes.h"

#include "bench/net.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::bench {

namespace {

constexpr unsigned kOpeningMax = 64;               // connections being opened at once, mode idle
constexpr auto kStall = std::chrono::seconds(10);  // nothing for so long is an error

LoadClock::duration from_seconds(double seconds) {
  return std::chrono::duration_cast<LoadClock::duration>(std::chrono::duration<double>(seconds));
}

// A mode that is measured over a stretch of time after a warm-up.
class WindowedMode : public Mode {
 public:
  WindowedMode(const LoadOptions& options, LoadLoop& loop, Tally& tally)
      : options_(options), loop_(loop), tally_(tally) {}

  void run() {
    for (Slot& slot : loop_.slots())
      loop_.open(slot);
    loop_.run_until(*this, LoadClock::now() + from_seconds(options_.warmup));
    const CpuTime before = read_cpu_time(options_.pids);
    const CpuTime own_before = read_cpu_time({getpid()});
    const auto began = LoadClock::now();
    is_measuring_ = true;
    loop_.run_until(*this, began + from_seconds(options_.seconds));
    const CpuTime after = read_cpu_time(options_.pids);
    tally_.seconds = std::chrono::duration<double>(LoadClock::now() - began).count();
    tally_.gateway_cpu = after - before;
    tally_.own_cpu = read_cpu_time({getpid()}) - own_before;
    for (const Slot& slot : loop_.slots()) {
      if (slot.is_busy && slot.began < began) loop_.fail("no answer in the whole window");
    }
    if (tally_.requests == 0) loop_.fail("no request was answered");
  }

 protected:
  void count(const Slot& slot) {
    if (!is_measuring_) return;
    ++tally_.requests;
    tally_.latency.add(std::chrono::nanoseconds(LoadClock::now() - slot.began).count());
  }

  const LoadOptions& options_;
  LoadLoop& loop_;
  Tally& tally_;
  bool is_measuring_ = false;
};

class ClosedLoop : public WindowedMode {
 public:
  using WindowedMode::WindowedMode;

  void on_connected(Slot& slot) override { loop_.send(*this, slot, LoadClock::now()); }

  void on_answered(Slot& slot) override {
    count(slot);
    loop_.send(*this, slot, LoadClock::now());
  }
};

class Handshakes : public WindowedMode {
 public:
  using WindowedMode::WindowedMode;

  void on_connected(Slot& slot) override { loop_.send(*this, slot, slot.began); }

  void on_answered(Slot& slot) override {
    // Where there is little CPU a slot's first connection may outlast the warm-up: it has nothing
    // to resume, and is not what is measured.
    if (slot.asks_to_resume == options_.resume) count(slot);
    if (is_measuring_ && slot.connection.is_resumed()) ++tally_.resumed;
    if (slot.connection.is_resumed() != slot.asks_to_resume) {
      loop_.fail(slot.asks_to_resume ? "the gateway did not resume a session"
                                     : "a session was resumed unasked");
      return;
    }
    slot.connection.close();
    loop_.open(slot, options_.resume ? Connection::Resume::yes : Connection::Resume::no);
  }
};

// Requests start when they are due, evenly spaced. One that finds no free connection waits, and its
// latency counts from when it was due: a slow gateway cannot slow the clock that measures it.
class OpenLoop : public WindowedMode {
 public:
  OpenLoop(const LoadOptions& options, LoadLoop& loop, Tally& tally)
      : WindowedMode(options, loop, tally), interval_(from_seconds(1 / options.rate)) {}

  void on_connected(Slot& slot) override {
    slot.is_busy = false;
    free_.push_back(&slot);
    if (loop_.handshakes() == loop_.slots().size()) due_ = LoadClock::now();
  }

  void on_answered(Slot& slot) override {
    count(slot);
    free_.push_back(&slot);
    on_time(LoadClock::now());
  }

  LoadClock::time_point on_time(LoadClock::time_point now) override {
    if (due_ == LoadClock::time_point::max()) return due_;
    while (due_ <= now && !free_.empty() && !loop_.has_failed()) {
      Slot& slot = *free_.front();
      free_.pop_front();
      loop_.send(*this, slot, std::exchange(due_, due_ + interval_));
    }
    return free_.empty() ? LoadClock::time_point::max() : due_;
  }

 private:
  LoadClock::duration interval_;
  LoadClock::time_point due_ = LoadClock::time_point::max();  // of the next request to start
  std::deque<Slot*> free_;  // all take turns: none waits so long that a gateway closes it
};

// Opens every connection, asks once on each, says "held" and keeps them until a line comes in; then
// asks on each again, which proves that all of them were alive.
class IdleHold : public Mode {
 public:
  IdleHold(LoadLoop& loop, Tally& tally) : loop_(loop), tally_(tally) {}

  void run() {
    run_pass();
    if (loop_.has_failed()) return;
    std::printf("{\"held\": %zu}\n", loop_.slots().size());
    std::fflush(stdout);
    loop_.watch_stdin();
    while (!was_released_ && !loop_.has_failed()) {
      loop_.turn(*this, LoadClock::now() + std::chrono::seconds(1));
    }
    is_second_pass_ = true;
    run_pass();
  }

  void on_connected(Slot& slot) override { loop_.send(*this, slot, slot.began); }

  void on_answered(Slot& slot) override {
    ++answered_;
    ++tally_.requests;
    tally_.latency.add(std::chrono::nanoseconds(LoadClock::now() - slot.began).count());
    start_next();
  }

  void on_input() override {
    std::array<char, 64> line{};
    if (read(STDIN_FILENO, line.data(), line.size()) <= 0) loop_.fail("stdin closed while holding");
    was_released_ = true;
    loop_.unwatch_stdin();
  }

 private:
  void run_pass() {
    answered_ = started_ = 0;
    for (unsigned i = 0; i < kOpeningMax; ++i)
      start_next();
    while (answered_ < loop_.slots().size() && !loop_.has_failed()) {
      if (!loop_.turn(*this, LoadClock::now() + kStall)) loop_.fail("no answer for 10 s");
    }
  }

  void start_next() {
    if (started_ == loop_.slots().size()) return;
    Slot& slot = loop_.slots()[started_++];
    if (is_second_pass_) {
      loop_.send(*this, slot, LoadClock::now());
    } else {
      loop_.open(slot);
    }
  }

  LoadLoop& loop_;
  Tally& tally_;
  std::size_t started_ = 0;
  std::size_t answered_ = 0;
  bool is_second_pass_ = false;
  bool was_released_ = false;
};

}  // namespace

void run_load(const LoadOptions& options, LoadLoop& loop, Tally& tally) {
  prctl(PR_SET_TIMERSLACK, 1000UL);  // open-loop requests start within microseconds of their time
  switch (options.mode) {
    case LoadKind::keepalive:
      return ClosedLoop(options, loop, tally).run();
    case LoadKind::handshake:
      return Handshakes(options, loop, tally).run();
    case LoadKind::rate:
      return OpenLoop(options, loop, tally).run();
    case LoadKind::idle:
      return IdleHold(loop, tally).run();
  }
}

}  // namespace ravelin::bench
