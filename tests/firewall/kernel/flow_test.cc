// Messages of conntrack, with what the kernel may leave out and what may be cut off.
#include "firewall/kernel/flow.h"

#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

base::IpAddress ip(std::string_view text) {
  return *base::parse_ip(text);
}

// What decode_flow makes of the message remove_flow writes: one has a reply tuple, the other not.
Flow turned_flow() {
  Flow flow;
  flow.original = {ip("203.0.113.9"), ip("192.0.2.254"), 6, 40000, 8443};
  flow.reply = {ip("10.8.0.7"), ip("203.0.113.9"), 6, 443, 40000};
  flow.id = 0x01020304;
  return flow;
}

TEST(Flow, IsToldWithWhereNatTurnedIt) {
  EXPECT_EQ(to_string(turned_flow()),
            "tcp 203.0.113.9:40000 -> 192.0.2.254:8443 (to 10.8.0.7:443)");
  Flow echo;
  echo.original = {ip("2001:db8::1"), ip("2001:db8::2"), 58, 7, 128};
  echo.reply = {ip("2001:db8::2"), ip("2001:db8::1"), 58, 7, 129};
  EXPECT_EQ(to_string(echo), "icmpv6 2001:db8::1 -> 2001:db8::2");
}

TEST(Flow, IsRemovedByItsTupleAndId) {
  EXPECT_EQ(hexadecimal(remove_flow(turned_flow(), 7)),
            "500000000201050007000000000000000200"  // header; IPv4, version 0
            "0000"
            "34000180"
            "14000180"
            "08000100cb007109"
            "08000200c00002fe"
            "1c000280"
            "0500010006000000"
            "060002009c400000"
            "0600030020fb0000"
            "08000c0001020304");
}

TEST(Flow, OfAZoneIsRemovedThere) {
  Flow flow = turned_flow();
  flow.zone = 7;
  EXPECT_TRUE(hexadecimal(remove_flow(flow, 7)).ends_with("0600120000070000"));
}

// The dump of a forwarded TCP connection: both tuples, status, state of TCP, id.
constexpr const char* kTuples =
    "34000180 14000180 08000100cb007109 08000200c00002fe"
    "1c000280 0500010006000000 060002009c400000 0600030020fb0000"
    "34000280 14000180 080001000a080007 08000200cb007109"
    "1c000280 0500010006000000 0600020001bb0000 060003009c400000";

struct Row {
  const char* name;
  std::string rest;
  bool has_reply, is_expected, is_closed;
};

Reply reply_of(const Bytes& body) {
  Reply reply;
  reply.type = 0x100;
  reply.body = body;
  return reply;
}

TEST(Flow, IsReadWithItsState) {
  const Row rows[] = {
      {"assured", "080003000000000e 08000c0001020304", true, false, false},
      {"without reply", "0800030000000008 08000c0001020304", false, false, false},
      {"announced by a helper", "080003000000000f 08000c0001020304", true, true, false},
      {"TIME_WAIT", "080003000000000e 10000480 0c000180 0500010007000000 08000c0001020304", true,
       false, true},
      {"ESTABLISHED", "080003000000000e 10000480 0c000180 0500010003000000 08000c0001020304", true,
       false, false},
  };
  for (const Row& row : rows) {
    const Bytes body = from_hexadecimal("02000000" + std::string(kTuples) + row.rest);
    const auto flow = decode_flow(reply_of(body));
    ASSERT_TRUE(flow) << row.name;
    Flow expected = turned_flow();
    expected.has_reply = row.has_reply;
    expected.is_expected = row.is_expected;
    expected.is_closed = row.is_closed;
    EXPECT_EQ(*flow, expected) << row.name;
  }
}

TEST(Flow, WhateverIsCutOffIsNoFlow) {
  const Bytes whole = from_hexadecimal("02000000" + std::string(kTuples));
  ASSERT_TRUE(decode_flow(reply_of(whole)));
  for (std::size_t bytes = 0; bytes + 4 < whole.size(); ++bytes) {
    const auto flow =
        decode_flow(reply_of({whole.begin(), whole.begin() + static_cast<long>(bytes)}));
    EXPECT_FALSE(flow) << bytes;
  }
  Reply other = reply_of(whole);
  other.type = 0x102;
  EXPECT_FALSE(decode_flow(other));
}

}  // namespace
}  // namespace ravelin::firewall
