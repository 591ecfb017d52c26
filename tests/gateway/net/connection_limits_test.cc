#include "gateway/net/connection_limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using Entry = ConnectionGate::Entry;

base::IpAddress ip(const char* text) {
  return *base::parse_ip(text);
}

TEST(ConnectionGate, LimitsTheListenerAndEachClient) {
  ConnectionGate gate;
  gate.set_limits({.max = 3, .per_client_max = 2});
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::admitted);
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::admitted);
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::client_full);
  EXPECT_EQ(gate.enter(ip("10.0.0.2")), Entry::admitted);
  EXPECT_EQ(gate.enter(ip("10.0.0.3")), Entry::listener_full);
  gate.leave(ip("10.0.0.1"));
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::admitted);
  EXPECT_EQ(gate.count(), 3U);
}

TEST(ConnectionGate, AClientKnownLaterCountsLikeOneKnownAtOnce) {
  ConnectionGate gate;
  gate.set_limits({.max = 3, .per_client_max = 1});
  EXPECT_EQ(gate.enter_unnamed(), Entry::admitted);
  EXPECT_EQ(gate.enter_unnamed(), Entry::admitted);
  EXPECT_EQ(gate.name(ip("10.0.0.1")), Entry::admitted);
  EXPECT_EQ(gate.name(ip("10.0.0.1")), Entry::client_full);
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::client_full);
  gate.leave_unnamed();
  EXPECT_EQ(gate.enter(ip("10.0.0.2")), Entry::admitted);
  EXPECT_EQ(gate.enter_unnamed(), Entry::admitted);
  EXPECT_EQ(gate.enter_unnamed(), Entry::listener_full);
  gate.leave(ip("10.0.0.1"));
  EXPECT_EQ(gate.count(), 2U);
  EXPECT_EQ(gate.enter(ip("10.0.0.1")), Entry::admitted);
}

TEST(ConnectionGate, OneIpv6NetworkIsOneClient) {
  ConnectionGate gate;
  gate.set_limits({.max = 0, .per_client_max = 1});
  EXPECT_EQ(gate.enter(ip("2001:db8:1:2::1")), Entry::admitted);
  EXPECT_EQ(gate.enter(ip("2001:db8:1:2:ffff::9")), Entry::client_full);
  EXPECT_EQ(gate.enter(ip("2001:db8:1:3::1")), Entry::admitted);
}

TEST(ConnectionGate, IsExactOverThreads) {
  ConnectionGate gate;
  gate.set_limits({.max = 50, .per_client_max = 0});
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        admitted += gate.enter(ip("10.0.0.1")) == Entry::admitted ? 1 : 0;
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(admitted.load(), 50);
  EXPECT_EQ(gate.count(), 50U);
}

}  // namespace
}  // namespace ravelin::gateway
