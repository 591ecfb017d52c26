// Packets in words as rules that mark them, as nft would print them.
#include "firewall/control/trace_filter.h"

#include <gmock/gmock.h>

namespace ravelin::firewall {
namespace {

using ::testing::HasSubstr;

policies::Policy trace_policy() {
  policies::Policy made;
  made.zones.resize(1);
  made.zones[0].name = "wan";
  made.zones[0].interfaces = {"eth0", "ppp*"};
  return made;
}

policies::AddressMatch address(std::string_view text) {
  return {.ranges = {policies::range_of(*base::parse_prefix(text))}, .is_restricted = true};
}

std::string text_of(const std::vector<Rule>& incoming) {
  Ruleset ruleset;
  Chain chain{.name = "incoming"};
  chain.rules = incoming;
  ruleset.chains.push_back(std::move(chain));
  return nft_text(ruleset);
}

TEST(TraceFilter, EveryInterfaceAndServiceIsARule) {
  AskedPacket asked;
  asked.words.in = 0;
  asked.words.from = address("192.0.2.0/24");
  asked.words.services = {{policies::kTcp, 443, 443}, {policies::kUdp, 5000, 5009}};
  const auto filter = trace_filter(asked, trace_policy());
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->outgoing.empty());
  ASSERT_EQ(filter->incoming.size(), 4u);
  const std::string text = text_of(filter->incoming);
  EXPECT_THAT(text, HasSubstr("ip saddr 192.0.2.0/24"));
  EXPECT_THAT(text, HasSubstr("dport 443 iifname \"eth0\" limit rate 20/second burst 20 packets"));
  EXPECT_THAT(text, HasSubstr("dport 5000-5009 iifname \"ppp*\""));
}

TEST(TraceFilter, WhatThisHostSendsIsSeenWhereItLeaves) {
  AskedPacket asked;
  asked.words.in = policies::kHost;
  asked.words.to = address("2001:db8::1");
  const auto filter = trace_filter(asked, trace_policy());
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->incoming.empty());
  ASSERT_EQ(filter->outgoing.size(), 1u);
  EXPECT_THAT(text_of(filter->outgoing), HasSubstr("ip6 daddr 2001:db8::1"));
}

TEST(TraceFilter, ThisHostIsAnyOfItsAddresses) {
  AskedPacket asked;
  asked.words.in = 0;
  asked.words.to_host = true;
  const auto filter = trace_filter(asked, trace_policy());
  ASSERT_TRUE(filter);
  EXPECT_THAT(text_of(filter->incoming), HasSubstr("fib daddr type local"));
}

TEST(TraceFilter, TooManyAddressesAreRefused) {
  AskedPacket asked;
  asked.words.in = 0;
  asked.words.from.is_restricted = true;
  for (std::uint8_t i = 0; i < 200; ++i) {
    const base::IpAddress one{base::Family::ipv4, {10, 0, i, 1}};
    asked.words.from.ranges.push_back({one, one});
  }
  const auto filter = trace_filter(asked, trace_policy());
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, HasSubstr("too many addresses"));
}

}  // namespace
}  // namespace ravelin::firewall
