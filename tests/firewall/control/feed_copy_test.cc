#include "firewall/control/feed_copy.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

FeedCopy example() {
  const auto block = [](std::uint8_t bytes, bool is_interval, std::size_t count) {
    return std::make_shared<const KeyBlock>(
        KeyBlock{bytes, is_interval, Bytes(count * bytes * (is_interval ? 2 : 1), 0x0a)});
  };
  return {"text /var/lib/drop.txt 10.0.0.0/8",
          std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)),
          {block(4, false, 3), block(4, true, 2), block(16, false, 1), block(16, true, 0)}};
}

TEST(FeedCopy, ReadsWhatItWrote) {
  const FeedCopy copy = example();
  const auto read = parse_feed_copy(format_feed_copy(copy));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->identity, copy.identity);
  EXPECT_EQ(read->written, copy.written);
  for (std::size_t part = 0; part < copy.blocks.size(); ++part)
    EXPECT_EQ(*read->blocks[part], *copy.blocks[part]) << part;
}

TEST(FeedCopy, OneThatIsDamagedIsRefused) {
  const std::string good = format_feed_copy(example());
  for (std::size_t at = 0; at < good.size(); ++at) {
    EXPECT_FALSE(parse_feed_copy(good.substr(0, at))) << at;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(parse_feed_copy(bad)) << at;
  }
  EXPECT_FALSE(parse_feed_copy(good + "x"));
}

TEST(FeedCopy, IsOfOneFileReadInOneWay) {
  policies::Feed feed;
  feed.file = "/a.txt";
  const std::string identity = feed_identity(feed);
  policies::Feed other = feed;
  other.format = policies::Feed::Format::csv;
  EXPECT_NE(feed_identity(other), identity);
  other = feed;
  other.never = {policies::range_of(*base::parse_prefix("10.0.0.0/8"))};
  EXPECT_NE(feed_identity(other), identity);
  other = feed;
  other.entries_max = 5;
  EXPECT_EQ(feed_identity(other), identity);
}

}  // namespace
}  // namespace ravelin::firewall
