#include "firewall/control/feed_change.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace ravelin::firewall {
namespace {

Bytes key4(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

void append(Bytes& keys, std::uint32_t number) {
  const Bytes key = key4(number);
  keys.insert(keys.end(), key.begin(), key.end());
}

KeyBlock hosts(const std::set<std::uint32_t>& numbers) {
  KeyBlock block{4, false, {}};
  for (const std::uint32_t number : numbers)
    append(block.keys, number);
  return block;
}

KeyBlock nets(const std::set<std::pair<std::uint32_t, std::uint32_t>>& ranges) {
  KeyBlock block{4, true, {}};
  for (const auto& [first, last] : ranges) {
    append(block.keys, first);
    append(block.keys, last);
  }
  return block;
}

TEST(FeedChange, OfEqualContentsIsEmpty) {
  const KeyBlock block = hosts({1, 2, 0xc0000201});
  const auto change = feed_change(block, block);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->removed.empty());
  EXPECT_EQ(0U, change->added.count());
}

TEST(FeedChange, NamesTheHostsThatWentAndThoseThatCame) {
  const auto change = feed_change(hosts({1, 2, 3, 0xff000001}), hosts({0, 2, 3, 0xff000002}));
  ASSERT_TRUE(change);
  ASSERT_EQ(2U, change->removed.size());
  EXPECT_EQ((Element{.key = key4(1)}), change->removed[0]);
  EXPECT_EQ((Element{.key = key4(0xff000001)}), change->removed[1]);
  EXPECT_EQ(hosts({0, 0xff000002}), change->added);
}

TEST(FeedChange, OfARangeThatGrewRemovesTheOldOneAndAddsTheNew) {
  const auto change = feed_change(nets({{16, 31}, {64, 95}}), nets({{16, 47}, {64, 95}}));
  ASSERT_TRUE(change);
  ASSERT_EQ(1U, change->removed.size());
  EXPECT_EQ((Element{.key = key4(16), .key_end = key4(31)}), change->removed[0]);
  EXPECT_EQ(nets({{16, 47}}), change->added);
}

TEST(FeedChange, OfIpv6KeepsWholeKeys) {
  KeyBlock from{16, false, Bytes(16, 0x20)}, to{16, false, Bytes(32, 0x20)};
  to.keys.back() = 0x21;
  const auto change = feed_change(from, to);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->removed.empty());
  EXPECT_EQ(Bytes(to.keys.end() - 16, to.keys.end()), change->added.keys);
}

TEST(FeedChange, FromAndToNothingHoldsAllOfASmallSet) {
  EXPECT_EQ(2U, feed_change(hosts({}), hosts({5, 6}))->added.count());
  EXPECT_EQ(2U, feed_change(hosts({5, 6}), hosts({}))->removed.size());
}

TEST(FeedChange, OfMoreThanAQuarterIsNone) {
  std::set<std::uint32_t> from, more, most;
  for (std::uint32_t number = 0; number < 4000; ++number)
    from.insert(number);
  more = most = from;
  for (std::uint32_t number = 0; number < 1300; ++number)
    more.insert(10'000 + number);
  for (std::uint32_t number = 0; number < 1400; ++number)
    most.insert(10'000 + number);
  EXPECT_TRUE(feed_change(hosts(from), hosts(more)));  // 1300 of 5300
  EXPECT_FALSE(feed_change(hosts(from), hosts(most)));
}

TEST(FeedChange, TakesAnyContentToAnyOther) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::set<std::uint32_t> from, to;
    for (std::uint32_t number = 0; number < 100; ++number) {
      if (random() % 2 == 0) from.insert(number * 0x1000003U);
      if (random() % 2 == 0) to.insert(number * 0x1000003U);
    }
    const auto change = feed_change(hosts(from), hosts(to));
    ASSERT_TRUE(change);
    std::set<std::uint32_t> reached = from;
    const auto number_of = [](const std::uint8_t* key) {
      return std::uint32_t{key[0]} << 24 | std::uint32_t{key[1]} << 16 |
             std::uint32_t{key[2]} << 8 | std::uint32_t{key[3]};
    };
    for (const Element& element : change->removed)
      ASSERT_EQ(1U, reached.erase(number_of(element.key.data())));
    for (std::size_t at = 0; at < change->added.keys.size(); at += 4)
      ASSERT_TRUE(reached.insert(number_of(&change->added.keys[at])).second);
    ASSERT_EQ(to, reached);
  }
}

}  // namespace
}  // namespace ravelin::firewall
