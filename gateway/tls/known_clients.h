// Which clients have been seen with a thing, as far as a fixed table remembers: fingerprints, of
// which the oldest half is forgotten when the newer one is full or old. A client that was never
// seen is taken for a known one once in a hundred million questions. Shared by all workers, without
// a lock.
#pragma once

#include "base/clock.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ravelin::gateway {

class KnownClients {
 public:
  // Of each half; 4 bytes each.
  explicit KnownClients(std::size_t fingerprints = std::size_t{128} * 1024);

  // ---- any thread; `hash` is a keyed one, of all that makes up the question ----
  void add(std::uint64_t hash);
  [[nodiscard]] bool contains(std::uint64_t hash) const;

  // ---- one thread ----
  // Forgets the older half where it is time to.
  void age(base::MonoTime now);

  static constexpr base::Duration kHalfLife = std::chrono::hours(12);

 private:
  static constexpr std::size_t kWays = 16;

  struct alignas(64) Row {
    std::array<std::atomic<std::uint32_t>, kWays> prints{};  // 0 = free
  };

  struct Half {
    std::unique_ptr<Row[]> rows;
    std::atomic<std::size_t> filled{0};
  };

  [[nodiscard]] bool has(const Half& half, std::uint64_t hash) const;
  [[nodiscard]] Row& row_of(const Half& half, std::uint64_t hash) const;

  const std::size_t row_count_;
  std::array<Half, 2> halves_;
  std::atomic<std::size_t> newer_{0};
  base::MonoTime turned_;
  bool has_begun_ = false;
};

}  // namespace ravelin::gateway
