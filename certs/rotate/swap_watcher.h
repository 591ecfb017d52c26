// After a generation has taken another's place, or is tried on some clients: looks what a gateway
// sees of it, asks the gateway's own listeners, and takes it back where judge_swap() says so; a
// canary without trouble is finished when its time is over. On a thread of its own, which sleeps
// while nothing is under watch. Several gateways may watch one store: the lease makes one act.
#pragma once

#include "certs/rotate/judge_swap.h"
#include "certs/rotate/probe_swap.h"
#include "certs/rotate/take_back.h"
#include "certs/view/store_follower.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::certs {

// What the gateway knows of a swap at the moment.
struct SwapNow {
  bool is_shown = false;            // it is this generation that is shown still
  bool is_by_every_worker = false;  // already
  std::uint64_t accepted = 0;
  std::uint64_t refusing = 0;
  std::vector<ProbePlace> places{};
};

struct SwapWatcherParts {
  RotationParts rotation;
  // On the watcher's thread. nullopt: the gateway does not answer, or ends.
  std::function<std::optional<SwapNow>(const CertificateSwap& swap)> ask;
  SwapRules rules{};  // `lasts` is that of swaps: 0 = they are not watched
};

class SwapWatcher {
 public:
  explicit SwapWatcher(SwapWatcherParts parts) : parts_(std::move(parts)) {}

  SwapWatcher(const SwapWatcher&) = delete;
  SwapWatcher& operator=(const SwapWatcher&) = delete;
  ~SwapWatcher() = default;

  void start();

  // ---- any thread ----
  // It has come about. One that is under watch already is watched on.
  void note(const CertificateSwap& swap, std::chrono::seconds ago = std::chrono::seconds(0));

  [[nodiscard]] std::uint64_t taken_back_by_probe() const { return by_probe_.load(); }

  [[nodiscard]] std::uint64_t taken_back_by_alerts() const { return by_alerts_.load(); }

  // ---- its thread, or a test's ----
  // Judges each one once. How many are under watch after that.
  std::size_t look(base::MonoTime now, const std::stop_token& stop);

 private:
  struct News {
    CertificateSwap swap;
    std::chrono::seconds ago{0};
  };

  struct Watched {
    CertificateSwap swap;
    base::MonoTime begun;
    base::MonoTime probe_at{};
    ProbeReport probe{};
    bool was_busy = false;  // said
  };

  void take_news(base::MonoTime now);
  bool is_over(Watched& watched, base::MonoTime now, const std::stop_token& stop);
  bool is_canary_over(Watched& watched, const SwapNow& seen);
  void probe(Watched& watched, const SwapNow& seen, base::MonoTime now,
             const std::stop_token& stop);
  [[nodiscard]] SwapFacts facts_of(const CertificateSwap& swap) const;
  bool take_back_now(Watched& watched, const SwapVerdict& verdict);
  bool finish(Watched& watched, const SwapVerdict& verdict);
  bool give_up(Watched& watched, const SwapVerdict& verdict);
  bool is_failure_final(Watched& watched, const base::Error& error, std::string_view what);
  void count(const SwapVerdict& verdict);
  void run(const std::stop_token& stop);

  SwapWatcherParts parts_;
  std::map<std::string, Watched> watched_;  // by name; the thread's own
  std::mutex mutex_;                        // news_
  std::condition_variable_any wake_;
  std::vector<News> news_;
  std::atomic<std::uint64_t> by_probe_{0};
  std::atomic<std::uint64_t> by_alerts_{0};
  std::jthread thread_;
};

}  // namespace ravelin::certs
