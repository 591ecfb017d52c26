#include "gateway/proxy/session/byte_rate.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

constexpr MonoTime kStart{1000s};

TEST(ByteRate, IsAlwaysOpenWithoutALimit) {
  ByteRate rate(0);
  rate.passed(kStart, 1'000'000'000);
  EXPECT_TRUE(rate.is_open(kStart));
}

TEST(ByteRate, WaitsForWhatAPieceHadTooMuch) {
  ByteRate rate(100'000);
  EXPECT_TRUE(rate.is_open(kStart));
  rate.passed(kStart, 50'000);  // half a second's, of which a tenth was saved
  EXPECT_FALSE(rate.is_open(kStart + 399ms));
  EXPECT_EQ(rate.open_at(), kStart + 400ms);
  EXPECT_TRUE(rate.is_open(kStart + 400ms));
}

TEST(ByteRate, SavesNoMoreThanATenthOfASecond) {
  ByteRate rate(100'000);
  rate.passed(kStart, 10'000);
  EXPECT_TRUE(rate.is_open(kStart));
  rate.passed(kStart + 1h, 20'000);
  EXPECT_EQ(rate.open_at(), kStart + 1h + 100ms);
}

// A timer that comes 40 ms late each time, and pieces of 64 KiB.
TEST(ByteRate, KeepsTheAverageThoughItIsLookedAtLate) {
  for (const std::uint64_t bytes_per_s : {64'000ULL, 1'000'000ULL, 10'000'000ULL}) {
    ByteRate rate(bytes_per_s);
    MonoTime now = kStart;
    std::uint64_t passed = 0;
    while (now < kStart + 20s) {
      while (rate.is_open(now)) {
        rate.passed(now, 65'536);
        passed += 65'536;
      }
      now = std::max(now + 20ms, rate.open_at() + 40ms);
    }
    const double per_s = static_cast<double>(passed) / 20.0;
    EXPECT_GT(per_s, 0.9 * static_cast<double>(bytes_per_s)) << bytes_per_s;
    EXPECT_LT(per_s, 1.1 * static_cast<double>(bytes_per_s)) << bytes_per_s;
  }
}

}  // namespace
}  // namespace ravelin::gateway
