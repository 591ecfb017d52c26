// Answers as the kernel gave them (Linux 6.18), and such as it would not give.
#include "firewall/kernel/replies.h"

#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <cerrno>

namespace ravelin::firewall {
namespace {

// NLMSG_ERROR -2 to message 7, capped, with the offset of an attribute: 84.
constexpr const char* kRefusal =
    "2c000000 0200 0003 07000000 00000000 feffffff"
    "5c000000 060a 010c 07000000 00000000"
    "0800 0200 54000000";

constexpr const char* kAcknowledged =
    "24000000 0200 0001 09000000 00000000 00000000"
    "14000000 1100 0500 09000000 00000000";

// NFT_MSG_NEWGEN of generation 0x10005.
constexpr const char* kGeneration =
    "1c000000 0f0a 0000 03000000 00000000 00 00 0005 0800 0100 00010005";

// Table inet ravelin, OWNER|PERSIST, comment "rev 1", owner port 4660.
constexpr const char* kTable =
    "44000000 000a 0000 04000000 00000000 01 00 0005"
    "0c00 0100 726176656c696e00"
    "0800 0200 00000006"
    "0800 0300 00000001"
    "0c00 0600 0006726576203100"
    "0800 0700 00001234";

// A rule of chain "input" with handle 9, a counter of 3 packets and 252 bytes, comment "x".
constexpr const char* kRule =
    "80000000 060a 0b00 05000000 00000000 01 00 0005"
    "0c00 0100 726176656c696e00"
    "0a00 0200 696e70757400 0000"
    "0c00 0300 0000000000000009"
    "4000 0480"
    "3c00 0180 0c00 0100 636f756e74657200"
    "2c00 0280 0c00 0100 00000000000000fc 0c00 0200 0000000000000003 1000 0300 "
    "000000000000000000000000"
    "0800 0700 00027800";

std::vector<Reply> split(const Bytes& bytes) {
  auto replies = split_replies(bytes);
  EXPECT_TRUE(replies) << replies.error().message;
  return replies ? std::move(*replies) : std::vector<Reply>{};
}

TEST(Replies, ARefusalTellsMessageNumberAndOffset) {
  const Bytes bytes = from_hexadecimal(kRefusal);
  const auto replies = split(bytes);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(decode_error(replies[0]), (KernelError{7, ENOENT, 84, ""}));
}

TEST(Replies, AnAcknowledgementIsAnErrorOfNumberZero) {
  const Bytes bytes = from_hexadecimal(std::string(kRefusal) + kAcknowledged);
  const auto replies = split(bytes);
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(decode_error(replies[1]), (KernelError{9, 0, 0, ""}));
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
  EXPECT_EQ(decode_generation(replies[0]), 0x10005u);
  EXPECT_EQ(replies[0].generation, 5u);
}

TEST(Replies, ATableHasCommentFlagsAndOwner) {
  const Bytes bytes = from_hexadecimal(kTable);
  const auto table = decode_table(split(bytes)[0]);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->comment, "rev 1");
  EXPECT_EQ(table->flags, 6u);
  EXPECT_EQ(table->owner_port, 0x1234u);
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
  EXPECT_EQ(rule->handle, 9u);
}

TEST(Replies, WhatEndsWithinAMessageIsRefused) {
  for (const char* text : {kRefusal, kGeneration, kTable, kRule}) {
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
