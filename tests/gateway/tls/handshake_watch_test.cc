#include "gateway/tls/handshake_watch.h"

#include <gtest/gtest.h>

#include <thread>

namespace ravelin::gateway {
namespace {

using base::IpAddress;
using certs::PairSource;

IpAddress client(int number) {
  return {
      .family = base::Family::ipv4,
      .bytes = {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}};
}

PairSource shown(std::uint64_t generation, std::string_view name = "www.example.test") {
  return {certs::source_name(name), generation};
}

class Watch : public testing::Test {
 protected:
  // These took generation 1, and are shown 2 from now on.
  void swap_after(int clients) {
    for (int i = 1; i <= clients; ++i)
      watch_.accepted(client(i), shown(1));
    watch_.begin(shown(2));
  }

  [[nodiscard]] std::uint32_t refusing(const PairSource& source = shown(2)) const {
    const auto seen = watch_.seen(source);
    return seen ? seen->refusing : 9999;
  }

  HandshakeWatch watch_;
};

TEST_F(Watch, CountsEachClientThatTookTheOneBeforeOnce) {
  swap_after(20);
  for (int turn = 0; turn < 3; ++turn)
    for (int i = 1; i <= 19; ++i)
      watch_.refused(client(i), shown(2));
  EXPECT_EQ(refusing(), 19U);
  watch_.refused(client(20), shown(2));
  EXPECT_EQ(refusing(), 20U);
}

TEST_F(Watch, StrangersCountForNothing) {
  swap_after(1);
  for (int i = 100; i < 200; ++i)
    watch_.refused(client(i), shown(2));
  EXPECT_EQ(refusing(), 0U);
}

TEST_F(Watch, WhoOnlyTookTheNewOneIsAStranger) {
  swap_after(1);
  watch_.accepted(client(7), shown(2));
  watch_.refused(client(7), shown(2));
  EXPECT_EQ(refusing(), 0U);
  EXPECT_EQ(watch_.seen(shown(2))->accepted, 1U);
}

TEST_F(Watch, RefusalsOfTheOneBeforeAreNotTheNewOnes) {
  swap_after(1);
  watch_.refused(client(1), shown(1));
  EXPECT_EQ(refusing(), 0U);
  watch_.accepted(client(9), shown(1));
  EXPECT_EQ(watch_.seen(shown(2))->accepted_before, 1U);
  EXPECT_EQ(watch_.seen(shown(2))->accepted, 0U);
}

TEST_F(Watch, CertificatesAreToldApart) {
  swap_after(1);
  watch_.begin(shown(2, "b.example.test"));
  watch_.refused(client(1), shown(2, "b.example.test"));
  EXPECT_EQ(refusing(shown(2, "b.example.test")), 0U);
  watch_.refused(client(1), shown(2));
  EXPECT_EQ(refusing(), 1U);
}

TEST_F(Watch, Ipv6ClientsAreTheirNetworks) {
  const auto host = [](std::uint8_t network, std::uint8_t last) {
    return IpAddress{.family = base::Family::ipv6,
                     .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, last}};
  };
  watch_.accepted(host(1, 1), shown(1));
  watch_.begin(shown(2));
  watch_.refused(host(1, 200), shown(2));
  watch_.refused(host(1, 201), shown(2));
  watch_.refused(host(2, 1), shown(2));
  EXPECT_EQ(refusing(), 1U);
}

TEST_F(Watch, WhoHasNoAddressAndWhatIsOfNoStoreCountForNothing) {
  watch_.accepted(IpAddress{}, shown(1));
  watch_.accepted(client(1), PairSource{});
  watch_.begin(shown(2));
  watch_.refused(IpAddress{}, shown(2));
  watch_.accepted(IpAddress{}, shown(2));
  EXPECT_EQ(refusing(), 0U);
  EXPECT_EQ(watch_.seen(shown(2))->accepted, 0U);
}

TEST_F(Watch, AnotherSwapBeginsAnew) {
  swap_after(3);
  watch_.refused(client(1), shown(2));
  watch_.begin(shown(3));
  EXPECT_FALSE(watch_.seen(shown(2)));
  EXPECT_EQ(refusing(shown(3)), 0U);
  watch_.refused(client(1), shown(3));
  EXPECT_EQ(refusing(shown(3)), 1U);
  watch_.end(shown(2));  // is long over
  EXPECT_TRUE(watch_.seen(shown(3)));
  watch_.end(shown(3));
  EXPECT_FALSE(watch_.seen(shown(3)));
}

TEST_F(Watch, CountsUpToItsLimit) {
  swap_after(200);
  for (int i = 1; i <= 200; ++i)
    watch_.refused(client(i), shown(2));
  EXPECT_EQ(refusing(), HandshakeWatch::kRefusingMax);
}

TEST_F(Watch, TheNewestNamesAreWatchedWhereThereAreTooMany) {
  std::size_t watched = 0;
  const auto name = [](std::size_t i) { return shown(2, "n" + std::to_string(i)); };
  for (std::size_t i = 0; i < 2 * HandshakeWatch::kWatchedMax; ++i)
    watch_.begin(name(i));
  for (std::size_t i = 0; i < 2 * HandshakeWatch::kWatchedMax; ++i)
    watched += watch_.seen(name(i)) ? 1 : 0;
  EXPECT_LE(watched, HandshakeWatch::kWatchedMax);
  EXPECT_GT(watched, HandshakeWatch::kWatchedMax / 2);
  EXPECT_TRUE(watch_.seen(name(2 * HandshakeWatch::kWatchedMax - 1)));
}

TEST_F(Watch, WorkersCountTogether) {
  swap_after(60);
  std::vector<std::thread> workers;
  workers.reserve(4);
  for (int worker = 0; worker < 4; ++worker)
    workers.emplace_back([this] {
      for (int turn = 0; turn < 50; ++turn)
        for (int i = 1; i <= 60; ++i) {
          watch_.refused(client(i), shown(2));
          watch_.accepted(client(i), shown(2));
        }
    });
  for (std::thread& worker : workers)
    worker.join();
  EXPECT_EQ(refusing(), 60U);
  EXPECT_EQ(watch_.seen(shown(2))->accepted, 4U * 50 * 60);
}

}  // namespace
}  // namespace ravelin::gateway
