// ServerSignals: what one worker sees of one server: attempts, answers and how long they took.
// Only the worker adds (plain loads and stores, as in WorkerCells); the control thread reads sums
// and takes differences.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ravelin::gateway {

// Sums over all workers since the server was made.
struct SignalTotals {
  std::uint64_t sent = 0;        // requests written to the server
  std::uint64_t answered = 0;    // heads of final responses that came
  std::uint64_t unanswered = 0;  // requests sent that ended without one, whoever's fault
  std::uint64_t errors = 0;      // answers of 500 and above or not whole, and failures of its own
  std::uint64_t failures = 0;    // of these, the ones without an answer
  std::uint64_t latency_us = 0;  // of all answered: request sent to first byte

  // Racing workers may have counted an end before its beginning: never below 0.
  [[nodiscard]] std::uint64_t waiting() const {
    const std::uint64_t ended = answered + unanswered;
    return sent > ended ? sent - ended : 0;
  }
};

class alignas(64) ServerSignals {
 public:
  enum class Answer : unsigned char { good, error };

  static Answer answer_of(int status) { return status >= 500 ? Answer::error : Answer::good; }

  void sent() { bump(sent_, 1); }

  void answered(std::chrono::microseconds latency, Answer answer) {
    bump(answered_, 1);
    bump(latency_us_, static_cast<std::uint64_t>(latency.count() < 0 ? 0 : latency.count()));
    if (answer == Answer::error) bump(errors_, 1);
  }

  void unanswered() { bump(unanswered_, 1); }

  // The server's fault: no connection, or no response.
  void failed() { bump(failures_, 1); }

  // The same of a response that was not whole: its head has been counted as this answer.
  void broke_off(Answer head) {
    if (head == Answer::good) bump(errors_, 1);
  }

  void add_to(SignalTotals& totals) const {
    const std::uint64_t failures = failures_.load(std::memory_order_relaxed);
    totals.answered += answered_.load(std::memory_order_relaxed);
    totals.unanswered += unanswered_.load(std::memory_order_relaxed);
    totals.sent += sent_.load(std::memory_order_relaxed);
    totals.failures += failures;
    totals.errors += errors_.load(std::memory_order_relaxed) + failures;
    totals.latency_us += latency_us_.load(std::memory_order_relaxed);
  }

 private:
  using Cell = std::atomic<std::uint64_t>;

  static void bump(Cell& cell, std::uint64_t by) {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  Cell sent_{0};
  Cell answered_{0};
  Cell unanswered_{0};
  Cell errors_{0};
  Cell failures_{0};
  Cell latency_us_{0};
};

}  // namespace ravelin::gateway
