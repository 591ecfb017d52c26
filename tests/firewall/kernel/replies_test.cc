// Answers recorded from Linux 6.18, and such as it would not give.
#include "firewall/kernel/replies.h"

#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <cerrno>

namespace ravelin::firewall {
namespace {

// "jump web" in message 22 of a batch, where there is no such chain; in message 21 an element that
// is there already.
constexpr const char* kRefusal =
    "2c0000000200000316000000d62e0000feffffff70000000060a010c16000000000000000800020038000000";
constexpr const char* kDuplicate =
    "2c0000000200000315000000d62e0000efffffff4c0000000c0a010615000000000000000800020030000000";

// To the end of a batch, message 7.
constexpr const char* kAcknowledged =
    "240000000200000107000000d62e00000000000014000000110005000700000000000000";

// To the begin of a batch made for another generation, message 30.
constexpr const char* kStale =
    "24000000020000011e000000d62e0000abffffff1c000000100001001e00000000000000";

constexpr const char* kGeneration =
    "300000000f0a000028000000d62e00000000000208000100000000020800020000002ed60a00030070726f62"
    "65000000";

// With OWNER|PERSIST, the comment "rev 1" and the owner's port.
constexpr const char* kTable =
    "50000000000a000029000000d62e0000010000020c000100726176656c696e0008000300000000020c000400"
    "000000000000000108000200000000060800070000002ed60c0006000006726576203100";

// "hosts" of IPv4 addresses with timeout, as Debian's ipv4_addr.
constexpr const char* kSet =
    "8c000000090a00002a000000d62e0000010000020c000100726176656c696e000a000200686f737473000000"
    "0c001000000000000000000108000300000000100800040000000007080005000000000410000d0000040200"
    "00000204000000000c0009000800010000000010170013003078666666666666666638323530376634300000"
    "0800140000000001";

constexpr const char* kChain =
    "70000000030a02002b000000d62e0000010000020c000100726176656c696e000a000300696e707574000000"
    "0c0002000000000000000002140004000800010000000001080002000000000008000500000000010b000700"
    "66696c746572000008000a00000000010800060000000001";

// Of chain "input", with handle 3, comment "x" and a counter (its numbers written in: it had none).
constexpr const char* kRule =
    "70000000060a02082c000000d62e0000010000020c000100726176656c696e000a000200696e707574000000"
    "0c0003000000000000000003300004002c0001000c000100636f756e746572001c0002000c00010000000000"
    "000000fc0c00020000000000000000030800070000027800";

// 10.0.0.1 for an hour, asked 12 ms after it was made.
constexpr const char* kElement =
    "580000000c0a02002d000000d62e0000010000020c000100726176656c696e000a000200686f737473000000"
    "2c000300280001000c000100080001000a0000010c000400000000000036ee800c000500000000000036ee74";

constexpr const char* kDone = "14000000030002002b000000d62e000000000000";

std::vector<Reply> split(const Bytes& bytes) {
  auto replies = split_replies(bytes);
  EXPECT_TRUE(replies) << replies.error().message;
  return replies ? std::move(*replies) : std::vector<Reply>{};
}

TEST(Replies, ARefusalTellsMessageNumberAndOffset) {
  const Bytes bytes = from_hexadecimal(std::string(kDuplicate) + kRefusal + kStale);
  const auto replies = split(bytes);
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(decode_error(replies[0]), (KernelError{21, EEXIST, 48, ""}));
  EXPECT_EQ(decode_error(replies[1]), (KernelError{22, ENOENT, 56, ""}));
  EXPECT_EQ(decode_error(replies[2]), (KernelError{30, 85, 0, ""}));
}

TEST(Replies, AnAcknowledgementIsAnErrorOfNumberZero) {
  const Bytes bytes = from_hexadecimal(kAcknowledged);
  EXPECT_EQ(decode_error(split(bytes)[0]), (KernelError{7, 0, 0, ""}));
}

TEST(Replies, WithoutACapTheMessageStandsBeforeTheAttributes) {
  // flags ACK_TLVS alone; the message of 20 bytes is sent back whole
  const Bytes bytes = from_hexadecimal(
      "30000000 0200 0002 07000000 00000000 feffffff"
      "14000000 060a 010c 07000000 00000000 01000000"
      "0800 0200 54000000");
  EXPECT_EQ(decode_error(split(bytes)[0]), (KernelError{7, ENOENT, 84, ""}));
}

TEST(Replies, TheGenerationIsToldInWholeAndWithEachAnswer) {
  const Bytes bytes = from_hexadecimal(kGeneration);
  const auto replies = split(bytes);
  EXPECT_EQ(decode_generation(replies[0]), 2u);
  EXPECT_EQ(replies[0].generation, 2u);
}

TEST(Replies, ATableHasCommentFlagsAndOwner) {
  const Bytes bytes = from_hexadecimal(kTable);
  const auto table = decode_table(split(bytes)[0]);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->comment, "rev 1");
  EXPECT_EQ(table->flags, 6u);
  EXPECT_EQ(table->owner_port, 0x2ed6u);
}

TEST(Replies, SetsAndChainsHaveNamesAndSetsAShape) {
  const Bytes bytes = from_hexadecimal(std::string(kSet) + kChain + kDone);
  const auto replies = split(bytes);
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(decode_set_name(replies[0]), "hosts");
  EXPECT_EQ(decode_set_shape(replies[0]), (SetShape{4, NFT_SET_TIMEOUT, 7}));
  EXPECT_EQ(decode_chain_name(replies[1]), "input");
  EXPECT_FALSE(decode_chain_name(replies[0]));
  EXPECT_FALSE(decode_set_name(replies[1]));
  EXPECT_FALSE(replies[2].is_nftables);
  EXPECT_EQ(replies[2].type, NLMSG_DONE);
}

TEST(Replies, AnElementTellsWhenItExpires) {
  const Bytes bytes = from_hexadecimal(kElement);
  const auto found = decode_element(split(bytes)[0]);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->expires, std::chrono::milliseconds(3'599'988));
}

TEST(Replies, AnotherTableIsNotOurs) {
  std::string other = kTable;
  other.replace(other.find("726176656c696e00"), 16, "726176656c696f00");  // ravelio
  const Bytes renamed = from_hexadecimal(other);
  EXPECT_FALSE(decode_table(split(renamed)[0]));
  Bytes of_ip = from_hexadecimal(kTable);
  of_ip[16] = 2;
  EXPECT_FALSE(decode_table(split(of_ip)[0]));
}

TEST(Replies, ARuleHasItsFirstCounterAndComment) {
  const Bytes bytes = from_hexadecimal(kRule);
  const auto rule = decode_rule(split(bytes)[0]);
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->chain, "input");
  EXPECT_EQ(rule->comment, "x");
  EXPECT_EQ(rule->packets, 3u);
  EXPECT_EQ(rule->bytes, 252u);
  EXPECT_EQ(rule->handle, 3u);
}

TEST(Replies, WhatEndsWithinAMessageIsRefused) {
  for (const char* text : {kRefusal, kGeneration, kTable, kRule, kSet, kElement}) {
    const Bytes whole = from_hexadecimal(text);
    for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
      const auto replies = split_replies(ByteSpan(whole).first(bytes));
      ASSERT_FALSE(replies) << bytes;
      EXPECT_EQ(replies.error().code, base::Errc::protocol);
    }
  }
  EXPECT_FALSE(split_replies(from_hexadecimal("0f000000 0200 0003 07000000 00000000")))
      << "a length shorter than the header";
}

TEST(Replies, AttributesThatDoNotFitAreNotRead) {
  Bytes bytes = from_hexadecimal(kTable);
  bytes[20] = 0xff;  // the name's length, beyond the message
  EXPECT_FALSE(decode_table(split(bytes)[0]));
  bytes[20] = 0x03;  // … shorter than its own header
  EXPECT_FALSE(decode_table(split(bytes)[0]));
}

}  // namespace
}  // namespace ravelin::firewall
