// Latencies in nanoseconds, in buckets less than 0.8 % wide, so that a percentile needs no sample
// list. Up to 2^40 ns (18 minutes); longer ones count in the last bucket.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace ravelin::bench {

class Histogram {
 public:
  void add(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0));
    ++counts_[index_of(std::min(value, kMax))];
    ++total_;
    max_ = std::max(max_, value);
  }

  // The upper end of the bucket that holds the `fraction` quantile (0 to 1); 0 without samples.
  [[nodiscard]] double quantile_us(double fraction) const {
    if (total_ == 0) return 0;
    const double wanted = fraction * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (counts_[i] > 0 && static_cast<double>(seen) >= wanted) {
        return static_cast<double>(std::min(upper_end(i), max_)) / 1e3;
      }
    }
    return max_us();
  }

  [[nodiscard]] double max_us() const { return static_cast<double>(max_) / 1e3; }

 private:
  static constexpr unsigned kPrecisionBits = 7;
  static constexpr std::uint64_t kSubBuckets = 1U << kPrecisionBits;
  static constexpr std::uint64_t kMax = (1ULL << 40U) - 1;

  // Values below 128 have a bucket each; above, every power of two is cut into 128.
  static std::size_t index_of(std::uint64_t value) {
    if (value < kSubBuckets) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPrecisionBits;
    return (std::uint64_t{shift} << kPrecisionBits) + (value >> shift);
  }

  static std::uint64_t upper_end(std::size_t index) {
    if (index < kSubBuckets) return index;
    const auto shift = (index >> kPrecisionBits) - 1;
    const auto sub = index - (shift << kPrecisionBits);
    return ((sub + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kSubBuckets*(40 - kPrecisionBits + 1)> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace ravelin::bench
