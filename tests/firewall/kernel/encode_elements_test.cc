#include "firewall/kernel/encode_elements.h"

#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>

namespace ravelin::firewall {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kListAt = 20 + 12 + 8;  // header, table "ravelin", set "s"

const SetShape kHosts{4, 0, 7};
const SetShape kTimed{4, NFT_SET_TIMEOUT, 7};
const SetShape kNets{4, NFT_SET_INTERVAL, 7};
const SetShape kPorts{2, NFT_SET_INTERVAL, 13};
const SetShape kBoxes{8, NFT_SET_INTERVAL | NFT_SET_CONCAT, 7 << 6 | 13};
const SetShape kMap{1, NFT_SET_MAP, 12};

Element element(const char* key, const char* key_end = "") {
  Element made;
  made.key = from_hexadecimal(key);
  made.key_end = from_hexadecimal(key_end);
  return made;
}

Element with(Element made, std::optional<milliseconds> timeout, std::string comment,
             std::optional<Verdict> verdict = {}) {
  made.timeout = timeout;
  made.comment = std::move(comment);
  made.verdict = std::move(verdict);
  return made;
}

struct Case {
  const char* name;
  SetShape shape;
  Element element;
  ElementChange change;
  const char* list;  // the attribute of elements, in hexadecimal
};

// Lengths and types in host order (little endian), everything else in network order.
std::vector<Case> cases() {
  const auto add = ElementChange::add;
  return {
      {"ALoneKey", kHosts, element("0a000001"), add,
       "1400 0380 1000 0180 0c00 0180 0800 0100 0a000001"},
      {"ATimeoutInMilliseconds", kTimed, with(element("0a000001"), milliseconds(5000), ""), add,
       "2000 0380 1c00 0180 0c00 0180 0800 0100 0a000001 0c00 0400 0000000000001388"},
      {"ACommentAsUserdata", kHosts, with(element("0a000001"), {}, "x"), add,
       "1c00 0380 1800 0180 0c00 0180 0800 0100 0a000001 0800 0600 00027800"},
      {"AnIntervalIsItsStartAndTheKeyBehindItsEnd", kNets, element("0a000000", "0a0000ff"), add,
       "2c00 0380 1000 0180 0c00 0180 0800 0100 0a000000"
       "1800 0180 0c00 0180 0800 0100 0a000100 0800 0300 00000001"},
      {"ALoneKeyAmongIntervals", kNets, element("0a000000"), add,
       "2c00 0380 1000 0180 0c00 0180 0800 0100 0a000000"
       "1800 0180 0c00 0180 0800 0100 0a000001 0800 0300 00000001"},
      {"AnIntervalToTheTopHasNoEndAndSaysSo", kNets, element("ff000000", "ffffffff"), add,
       "2000 0380 1c00 0180 0c00 0180 0800 0100 ff000000 0a00 0600 010401000000 0000"},
      {"APaddedPortOfALoneFieldIsTwoBytes", kPorts, element("00160000", "00210000"), add,
       "2c00 0380 1000 0180 0c00 0180 0600 0100 00160000"
       "1800 0180 0c00 0180 0600 0100 00220000 0800 0300 00000001"},
      {"ABoxHasBothKeysInOneElement", kBoxes, element("0a000000 00140000", "0affffff 001e0000"),
       add,
       "2800 0380 2400 0180 1000 0180 0c00 0100 0a000000 00140000"
       "1000 0a80 0c00 0100 0affffff 001e0000"},
      {"AVerdictThatJumps", kMap, with(element("06"), {}, "", Verdict{Verdict::Kind::jump, "web"}),
       add,
       "2c00 0380 2800 0180 0c00 0180 0500 0100 06000000"
       "1800 0280 1400 0280 0800 0100 fffffffd 0800 0200 77656200"},
      {"ARemovalNamesTheKeyAlone", kTimed, with(element("0a000001"), milliseconds(5000), "x"),
       ElementChange::remove, "1400 0380 1000 0180 0c00 0180 0800 0100 0a000001"},
  };
}

TEST(EncodeElements, WritesWhatTheKernelReads) {
  for (const Case& row : cases()) {
    Batch batch(1, {});
    ASSERT_TRUE(encode_elements(batch, 0, "s", row.shape, {row.element}, row.change)) << row.name;
    const auto messages = messages_of(batch);
    ASSERT_EQ(messages.size(), 1u) << row.name;
    EXPECT_EQ(hexadecimal(messages[0].subspan(kListAt)), hexadecimal(from_hexadecimal(row.list)))
        << row.name;
  }
}

TEST(EncodeElements, TheMessageNamesTableAndSet) {
  Batch batch(1, {});
  ASSERT_TRUE(encode_elements(batch, 0, "s", kHosts, {element("0a000001")}, ElementChange::add));
  // length, type 10 << 8 | 12, REQUEST|EXCL|CREATE, sequence, port; family inet
  EXPECT_EQ(hexadecimal(messages_of(batch)[0].first(kListAt)),
            hexadecimal(from_hexadecimal("3c000000 0c0a 0106 02000000 00000000 01000000"
                                         "0c00 0100 726176656c696e00 0600 0200 73000000")));
}

TEST(EncodeElements, FlagsSayWhatMayBeThere) {
  struct {
    ElementChange change;
    std::uint16_t type, flags;
  } const rows[] = {
      {ElementChange::add, NFT_MSG_NEWSETELEM, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL},
      {ElementChange::add_or_refresh, NFT_MSG_NEWSETELEM, NLM_F_REQUEST | NLM_F_CREATE},
      {ElementChange::remove, NFT_MSG_DELSETELEM, NLM_F_REQUEST},
  };

  for (const auto& row : rows) {
    Batch batch(1, {});
    ASSERT_TRUE(encode_elements(batch, 0, "s", kHosts, {element("0a000001")}, row.change));
    const ByteSpan message = messages_of(batch)[0];
    EXPECT_EQ(message[4], row.type);
    EXPECT_EQ(message[6] | message[7] << 8, row.flags);
  }
}

TEST(EncodeElements, SplitsMessagesWhereAnAttributeIsFullAndNeverAnInterval) {
  KeyBlock block;
  block.is_interval = true;
  constexpr std::uint32_t kCount = 5000;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    for (const std::uint32_t key : {i * 4, i * 4 + 1})
      for (int shift = 24; shift >= 0; shift -= 8)
        block.keys.push_back(static_cast<std::uint8_t>(key >> shift));
  }
  Batch batch(1, {});
  ASSERT_TRUE(encode_block(batch, 0, "s", block));
  std::size_t elements = 0;
  for (const ByteSpan message : messages_of(batch)) {
    const auto list = find_attribute(message.subspan(20), NFTA_SET_ELEM_LIST_ELEMENTS);
    ASSERT_TRUE(list);
    EXPECT_LE(list->size() + 4, 65535u);
    std::size_t here = 0;
    AttributeWalk walk(*list);
    while (const auto one = walk.next()) {
      const bool is_end = find_attribute(one->value, NFTA_SET_ELEM_FLAGS).has_value();
      EXPECT_EQ(is_end, here % 2 == 1);
      ++here;
    }
    EXPECT_EQ(here % 2, 0u);
    elements += here;
  }
  EXPECT_EQ(elements, std::size_t{kCount} * 2);
  EXPECT_EQ(messages_of(batch).size(), (kCount + 1636) / 1637);  // 40 bytes each
}

TEST(EncodeElements, ABlockIsWrittenAsTheSameElementsAre) {
  struct {
    std::uint8_t key_bytes;
    bool is_interval;
    const char* keys;
  } const rows[] = {
      {4, false, "0a000001 0a000002 ffffffff"},
      {4, true, "0a000000 0a0000ff 0b0000ff 0b0001ff ff000000 ffffffff"},
      {16, false, "20010db8000000000000000000000001"},
      {16, true,
       "20010db8000000000000000000000000 20010db8ffffffffffffffffffffffff"
       "ff000000000000000000000000000000 ffffffffffffffffffffffffffffffff"},
  };

  for (const auto& row : rows) {
    const KeyBlock block{row.key_bytes, row.is_interval, from_hexadecimal(row.keys)};
    std::vector<Element> elements;
    for (auto key = block.keys.begin(); key != block.keys.end();) {
      Element made;
      made.key.assign(key, key + row.key_bytes);
      key += row.key_bytes;
      if (row.is_interval) made.key_end.assign(key, key + row.key_bytes);
      if (row.is_interval) key += row.key_bytes;
      elements.push_back(made);
    }
    Batch by_block(1, {});
    Batch by_element(1, {});
    ASSERT_TRUE(encode_block(by_block, 0, "s", block));
    const SetShape shape{row.key_bytes, row.is_interval ? std::uint32_t{NFT_SET_INTERVAL} : 0, 0};
    ASSERT_TRUE(encode_elements(by_element, 0, "s", shape, elements, ElementChange::add));
    EXPECT_EQ(hexadecimal(by_block.bytes()), hexadecimal(by_element.bytes())) << row.keys;
  }
}

TEST(EncodeElements, NothingIsNoMessage) {
  Batch batch(1, {});
  ASSERT_TRUE(encode_elements(batch, 0, "s", kHosts, {}, ElementChange::add));
  ASSERT_TRUE(encode_block(batch, 0, "s", KeyBlock{}));
  EXPECT_TRUE(messages_of(batch).empty());
}

TEST(EncodeElements, RefusesBlocksThatAreNone) {
  Batch batch(1, {});
  EXPECT_FALSE(encode_block(batch, 0, "s", KeyBlock{4, false, Bytes(6)}));
  EXPECT_FALSE(encode_block(batch, 0, "s", KeyBlock{4, true, Bytes(4)}));
  EXPECT_FALSE(encode_block(batch, 0, "s", KeyBlock{8, false, Bytes(8)}));
}

TEST(EncodeElements, FindsTheKeyAnErrorPointsAt) {
  Batch batch(1, {});
  ASSERT_TRUE(encode_elements(batch, 0, "s", kNets,
                              {element("0a000000", "0a0000ff"), element("0b000000", "0b0000ff")},
                              ElementChange::add));
  const ByteSpan message = messages_of(batch)[0];
  EXPECT_EQ(hexadecimal(key_at(message, kListAt + 4)), "0a000000");
  EXPECT_EQ(hexadecimal(key_at(message, kListAt + 4 + 16)), "0a000100");
  EXPECT_EQ(hexadecimal(key_at(message, kListAt + 4 + 40)), "0b000000");
  EXPECT_TRUE(key_at(message, 20).empty());
  EXPECT_TRUE(key_at(message, message.size()).empty());
  EXPECT_TRUE(key_at(message.first(10), 4).empty());
}

}  // namespace
}  // namespace ravelin::firewall
