// WorkerCells: the numbers one worker counts in. Only its own thread adds (a plain load and store,
// no lock prefix); any thread may read at any time. Cells never move and are never given back, so
// a request that outlives a reload still counts in the right place. No names here: the registry
// knows what a cell means.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ravelin::gateway {

// Handles are cell indices, good for every worker. Cell 0 counts nothing that is shown: a
// default-made handle is safe to use.
struct Counter {
  std::uint32_t cell = 0;
};

// Its value is the sum over all workers: one may add what another takes away.
struct Gauge {
  std::uint32_t cell = 0;
};

struct Histogram {
  std::uint32_t first = 0;  // kHistogramBuckets counts, then the sum in microseconds
};

// Upper bounds in microseconds, inclusive (Prometheus `le`); the last bucket has no bound.
inline constexpr std::array<std::uint64_t, 16> kHistogramBounds = {
    500,     1'000,   2'500,     5'000,     10'000,    25'000,     50'000,     100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
inline constexpr std::size_t kHistogramBuckets = kHistogramBounds.size() + 1;
inline constexpr std::size_t kHistogramCells = kHistogramBuckets + 1;

namespace detail {

// For each bit width of a value: the first bucket a value of that width can fall in. No width holds
// two bounds, so one comparison decides.
constexpr std::array<std::uint8_t, 65> first_bucket_by_width() {
  std::array<std::uint8_t, 65> table{};
  for (std::size_t width = 0; width <= 64; ++width) {
    const std::uint64_t lowest = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
    std::uint8_t bucket = 0;
    while (bucket < kHistogramBounds.size() && kHistogramBounds[bucket] < lowest)
      ++bucket;
    table[width] = bucket;
  }
  return table;
}

constexpr bool one_bound_per_width() {
  for (std::size_t i = 1; i < kHistogramBounds.size(); ++i) {
    if (std::bit_width(kHistogramBounds[i]) == std::bit_width(kHistogramBounds[i - 1]))
      return false;
  }
  return true;
}

inline constexpr std::array<std::uint8_t, 65> kFirstBucket = first_bucket_by_width();
static_assert(one_bound_per_width(), "histogram_bucket() compares with one bound only");

}  // namespace detail

// The bucket of a duration: the first whose bound is not below it.
constexpr std::size_t histogram_bucket(std::uint64_t microseconds) {
  const std::size_t bucket =
      detail::kFirstBucket[static_cast<std::size_t>(std::bit_width(microseconds))];
  if (bucket == kHistogramBounds.size()) return bucket;
  return bucket + (microseconds > kHistogramBounds[bucket] ? 1 : 0);
}

class WorkerCells {
 public:
  static constexpr std::uint32_t kSegmentCells = 1024;
  static constexpr std::uint32_t kCellsMax = 128 * kSegmentCells;

  WorkerCells() { grow(1); }

  WorkerCells(const WorkerCells&) = delete;
  WorkerCells& operator=(const WorkerCells&) = delete;

  void add(Counter counter, std::uint64_t count = 1) noexcept { bump(counter.cell, count); }

  void add(Gauge gauge, std::int64_t change) noexcept {
    bump(gauge.cell, static_cast<std::uint64_t>(change));
  }

  // A negative duration counts as 0.
  void observe(Histogram histogram, std::chrono::microseconds duration) noexcept {
    if (histogram.first == 0) return;
    const auto us = duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
    bump(histogram.first + static_cast<std::uint32_t>(histogram_bucket(us)), 1);
    bump(histogram.first + static_cast<std::uint32_t>(kHistogramBuckets), us);
  }

  // Any thread.
  [[nodiscard]] std::uint64_t read(std::uint32_t cell) const noexcept {
    return at(cell).load(std::memory_order_relaxed);
  }

  // Makes the cells [0, count) exist, zero at first. Only the registry calls it, under its lock,
  // before a handle to a new cell leaves it.
  void grow(std::uint32_t count) {
    for (std::uint32_t i = 0; i * kSegmentCells < count; ++i) {
      if (owned_[i]) continue;
      owned_[i] = std::make_unique<Segment>();
      segments_[i].store(owned_[i].get(), std::memory_order_release);
    }
  }

 private:
  // On its own cache lines: two workers never write the same one.
  struct alignas(64) Segment {
    std::array<std::atomic<std::uint64_t>, kSegmentCells> cells{};
  };

  [[nodiscard]] std::atomic<std::uint64_t>& at(std::uint32_t cell) const noexcept {
    Segment* segment = segments_[cell / kSegmentCells].load(std::memory_order_acquire);
    return segment->cells[cell % kSegmentCells];
  }

  void bump(std::uint32_t cell, std::uint64_t by) noexcept {
    auto& value = at(cell);
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<Segment*>, kCellsMax / kSegmentCells> segments_{};
  std::array<std::unique_ptr<Segment>, kCellsMax / kSegmentCells> owned_;
};

}  // namespace ravelin::gateway
