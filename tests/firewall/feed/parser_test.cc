#include "firewall/feed/parser.h"

#include "tests/firewall/feed/show.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::feed {
namespace {

using policies::Feed;

FeedRules rules_of(Feed::Format format = Feed::Format::text) {
  FeedRules rules;
  rules.file = "drop.txt";
  rules.format = format;
  return rules;
}

base::Result<FeedContents> parse(std::string_view text, FeedRules rules) {
  FeedParser parser(std::move(rules));
  if (auto added = parser.add(text); !added) return added.error();
  return std::move(parser).finish();
}

struct TextCase {
  const char* name;
  std::string text;
  const char* shown;  // what show() says, or the error
};

TEST(FeedParser, ReadsTextLineByLine) {
  const TextCase cases[] = {
      {"Empty", "", ""},
      {"Host", "192.0.2.1\n", "192.0.2.1"},
      {"WithoutLastLineFeed", "192.0.2.1", "192.0.2.1"},
      {"CrLf", "192.0.2.1\r\n192.0.2.2\r\n", "192.0.2.1 192.0.2.2"},
      {"SortedAndOnce", "192.0.2.9\n10.0.0.1\n192.0.2.9\n", "10.0.0.1 192.0.2.9"},
      {"Comments", "# all\n; of this\n10.0.0.1 ; SBL1\n10.0.0.2#x\n10.0.0.3;y\n",
       "10.0.0.1 10.0.0.2 10.0.0.3"},
      {"Blanks", "  \t10.0.0.1 \t \n\n   \n", "10.0.0.1"},
      {"ExtraColumns", "10.0.0.1 3 2026-11-29\n10.0.0.2\tx\n", "10.0.0.1 10.0.0.2"},
      {"Prefix", "10.0.0.0/24\n", "10.0.0.0-10.0.0.255"},
      {"PrefixWithHostBits", "10.0.0.9/24\n", "10.0.0.0-10.0.0.255"},
      {"PrefixOfOne", "10.0.0.1/32\n2001:db8::1/128\n", "10.0.0.1 2001:db8::1"},
      {"Range", "10.0.0.1-10.0.0.9\n", "10.0.0.1-10.0.0.9"},
      {"RangeWithBlanks", "10.0.0.1 - 10.0.0.9 x\n", "10.0.0.1-10.0.0.9"},
      {"RangeOfOne", "10.0.0.1-10.0.0.1\n", "10.0.0.1"},
      {"TouchingNetsAreOne", "10.0.1.0/24\n10.0.0.0/24\n", "10.0.0.0-10.0.1.255"},
      {"NetsInsideNets", "10.0.0.0/8\n10.1.0.0/16\n", "10.0.0.0-10.255.255.255"},
      {"HostsInsideNets", "10.0.0.7\n10.0.0.0/24\n10.0.1.0\n", "10.0.1.0 10.0.0.0-10.0.0.255"},
      {"Ipv6", "2001:db8::2\n2001:DB8::1\n2001:db8:1::/48\n",
       "2001:db8::1 2001:db8::2 2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff"},
      {"Ipv6Range", "2001:db8::ffff-2001:db8::1:1\n", "2001:db8::ffff-2001:db8::1:1"},
      {"Ipv4AsIpv6", "::ffff:192.0.2.1\n::ffff:192.0.2.128/121\n",
       "192.0.2.1 192.0.2.128-192.0.2.255"},
      {"Ends", "255.255.255.255\n255.255.255.254/31\n0.0.0.0\n",
       "0.0.0.0 255.255.255.254-255.255.255.255"},
      {"ByteOrderMark",
       "\xef\xbb\xbf"
       "10.0.0.1\n",
       "10.0.0.1"},
      {"Utf8InComments", "# für alle\n10.0.0.1 ä\n", "10.0.0.1"},
  };
  for (const TextCase& row : cases)
    EXPECT_EQ(show(parse(row.text, rules_of())), row.shown) << row.name;
}

// One bad line among these is still a feed.
std::string with_99_hosts(const std::string& line) {
  std::string text;
  for (int i = 1; i < 100; ++i)
    text += "198.51.100." + std::to_string(i) + "\n";
  return text + line + "\n";
}

TEST(FeedParser, CountsBadLinesAndSaysWhichTheyAre) {
  for (const char* line : {"example.com",
                           "10.0.0",
                           "10.0.0.256",
                           "10.0.0.1.2",
                           "10.0.0.01",
                           "10.0.0.1/33",
                           "10.0.0.1/",
                           "10.0.0.1/x",
                           "10.0.0.9-10.0.0.1",
                           "10.0.0.1-",
                           "10.0.0.1-2001:db8::1",
                           "10.0.0.1 -",
                           "0.0.0.0/0",
                           "10.0.0.0/7",
                           "0.0.0.0-255.255.255.255",
                           "::/0",
                           "2001::/15",
                           "::1-ffff::1",
                           "2001:db8::g",
                           "2001:db8::/129",
                           "::ffff:0.0.0.0/96",
                           "fe80::1%eth0",
                           "-",
                           "/8"}) {
    const auto contents = parse(with_99_hosts(line), rules_of());
    ASSERT_TRUE(contents) << line;
    EXPECT_EQ(contents->hosts4.count(), 99) << line;
    EXPECT_EQ(contents->lines, 100) << line;
    EXPECT_EQ(contents->first_bad_lines, std::vector<std::uint64_t>{100}) << line;
  }
  const auto good = parse(with_99_hosts("10.0.0.0/8") + "2001::/16\n", rules_of());
  EXPECT_EQ(good->bad_lines, 0);
}

struct RefusalCase {
  const char* name;
  std::string text;
  FeedRules rules;
  const char* error;
};

TEST(FeedParser, TellsAlmostAddressesAmongAddresses) {
  std::string many;
  for (int i = 0; i < 250; ++i)
    many += fmt::format("10.0.{}.{}\n", i % 10, i);
  for (const std::string_view almost :
       {"01.2.3.4", "1.2.3.04", "00.0.0.0", "256.1.1.1", "1.2.3.256", "1.2.3.999", "1.2.3.4444",
        "1.2.3", "1.2.3.", "1.2.3.4.5", "1..2.3", ".1.2.3.4", "1.2.3.4x", "x1.2.3.4", "1,2.3.4",
        "1.2.3.4/33", "1.2.3:4"}) {
    const auto contents = parse(many + std::string(almost) + "\n" + many, rules_of());
    ASSERT_TRUE(contents) << almost;
    EXPECT_EQ(250U, contents->entries()) << almost;
    EXPECT_EQ(501U, contents->lines) << almost;
    EXPECT_EQ((std::vector<std::uint64_t>{251}), contents->first_bad_lines) << almost;
  }
}

TEST(FeedParser, StopsAtTheFirstEntryTooMany) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += fmt::format("10.0.0.{}\n", i);
  FeedRules rules = rules_of();
  rules.entries_max = 100;
  EXPECT_TRUE(parse(text, rules));
  rules.entries_max = 99;
  const auto refused = parse(text, rules);
  ASSERT_FALSE(refused);
  EXPECT_EQ("drop.txt:100:1: more than entries_max 99 entries", base::to_string(refused.error()));
}

TEST(FeedParser, RefusesWhatCannotBeTheList) {
  FeedRules small = rules_of();
  small.entries_max = 2;
  FeedRules full_before = rules_of();
  full_before.may_be_empty = false;
  const RefusalCase cases[] = {
      {"Garbage", "10.0.0.1\n<html>\n10.0.0.2\nxyz\n", rules_of(),
       "drop.txt:2:1: neither an address, a prefix nor a range, like 2 of 4 lines (at most 1 in "
       "100 may be)"},
      {"TwoBadInAHundredAndOne", with_99_hosts("x") + "y\n", rules_of(),
       "drop.txt:100:1: neither an address, a prefix nor a range, like 2 of 101 lines (at most 1 "
       "in 100 may be)"},
      {"Nul", std::string("10.0.0.1\n10.0\0\n", 15), rules_of(),
       "drop.txt:2:1: has bytes that are not text: this is not a list of addresses"},
      {"Binary",
       "10.0.0.1\n\x7f"
       "ELF\x02\n",
       rules_of(), "drop.txt:2:1: has bytes that are not text: this is not a list of addresses"},
      {"NoLines", std::string(5000, '1'), rules_of(),
       "drop.txt:1:1: a line of more than 4096 bytes: this is not a list of addresses"},
      {"TooMany", "10.0.0.1\n10.0.0.2\n10.0.0.3\n", small,
       "drop.txt:3:1: more than entries_max 2 entries"},
      {"BreaksOff", with_99_hosts("10.0.0.1") + "10.0", rules_of(),
       "drop.txt:101:1: the file breaks off within this line"},
      {"EmptyNow", "# nothing\n", full_before, "drop.txt: holds no address, and did before"},
  };
  for (const RefusalCase& row : cases)
    EXPECT_EQ(show(parse(row.text, row.rules)), row.error) << row.name;
}

TEST(FeedParser, ReadsTheFirstColumnOfCsv) {
  const TextCase cases[] = {
      {"Plain", "10.0.0.1,x,y\n10.0.0.2\n", "10.0.0.1 10.0.0.2"},
      {"Heading", "ip,reason\n10.0.0.1,x\n", "10.0.0.1"},
      {"Comments", "# list\nip,reason\n10.0.0.1,\"a,b\"\n", "10.0.0.1"},
      {"Quotes", "\"10.0.0.1\",x\n\" 10.0.0.0/24 \" , y\r\n", "10.0.0.0-10.0.0.255"},
      {"Blanks", " 10.0.0.1 , x\n", "10.0.0.1"},
      {"OneHeadingOnly", "ip\nagain\n",
       "drop.txt:2:1: neither an address, a prefix nor a range, like 1 of 1 lines (at most 1 in "
       "100 may be)"},
  };
  for (const TextCase& row : cases)
    EXPECT_EQ(show(parse(row.text, rules_of(Feed::Format::csv))), row.shown) << row.name;
}

TEST(FeedParser, TakesOutWhatMustNeverBeIn) {
  FeedRules rules = rules_of();
  for (const char* prefix : {"10.0.0.4/30", "10.0.0.254/32", "10.0.1.1/32", "2001:db8::1/128"})
    rules.never.push_back(policies::range_of(*base::parse_prefix(prefix)));
  EXPECT_EQ(show(parse("10.0.0.0/24\n10.0.1.1\n10.0.1.2\n2001:db8::/127\n", rules)),
            "10.0.0.255 10.0.1.2 2001:db8:: 10.0.0.0-10.0.0.3 10.0.0.8-10.0.0.253");
}

TEST(FeedParser, PiecesMayEndAnywhere) {
  const std::string text = "# x\r\n10.0.0.1\n10.0.0.0/30 y\n2001:db8::1\n10.1.0.0-10.1.0.9";
  const std::string whole = show(parse(text, rules_of()));
  for (std::size_t bytes = 1; bytes < text.size(); ++bytes) {
    FeedParser parser(rules_of());
    for (std::size_t at = 0; at < text.size(); at += bytes)
      ASSERT_TRUE(parser.add(std::string_view(text).substr(at, bytes)));
    EXPECT_EQ(show(std::move(parser).finish()), whole) << bytes;
  }
}

}  // namespace
}  // namespace ravelin::firewall::feed
