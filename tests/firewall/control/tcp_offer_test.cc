#include "firewall/control/tcp_offer.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

int scale(const TcpSettings& settings) {
  return offer_of(settings).window_scale.value();
}

TEST(TcpOffer, ScalesAWindowOfTheLargestBuffer) {
  EXPECT_EQ(scale({6 * kMiB, 212'992}), 7);  // as Linux comes
  EXPECT_EQ(scale({16 * kMiB, 212'992}), 9);
  EXPECT_EQ(scale({16 * kMiB - 1, 0}), 8);
  EXPECT_EQ(scale({kMiB, 64 * kMiB}), 11);
  EXPECT_EQ(scale({65'535, 0}), 0);
  EXPECT_EQ(scale({65'536, 0}), 1);
  EXPECT_EQ(scale({0, 0}), 0);
  EXPECT_EQ(scale({std::uint64_t{1} << 40, 0}), 14);
}

TEST(TcpOffer, HasWhatIsSwitchedOn) {
  EXPECT_EQ(offer_of({6 * kMiB, 0, false}).window_scale, std::nullopt);
  EXPECT_EQ(offer_of({6 * kMiB, 0, true, false, true}), (policies::TcpOffer{7, false, true}));
  EXPECT_EQ(offer_of({6 * kMiB, 0, true, true, false}), (policies::TcpOffer{7, true, false}));
}

TEST(TcpOffer, SettingsOfThisHostAreRead) {
  const auto settings = read_tcp_settings();
  ASSERT_TRUE(settings);
  EXPECT_GT(settings->receive_bytes_max, 0U);
}

}  // namespace
}  // namespace ravelin::firewall
