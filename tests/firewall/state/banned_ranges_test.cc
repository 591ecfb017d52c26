#include "firewall/state/banned_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ravelin::firewall {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

struct Written {
  const char* prefix;
  int until;
};

std::vector<BannedRange> ranges_of(const std::vector<Written>& all) {
  std::vector<BannedRange> ranges;
  for (const Written& one : all)
    ranges.push_back(
        {policies::range_of(*base::parse_prefix(one.prefix)), sys_seconds(seconds(one.until))});
  return ranges;
}

std::string text_of(const std::vector<BannedRange>& parts) {
  std::string text;
  for (const BannedRange& part : parts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", policies::to_string(part.range),
                        part.until.time_since_epoch().count());
  return text;
}

struct PartsCase {
  const char* name;
  std::vector<Written> bans;
  const char* parts;
};

TEST(BannedRanges, EachAddressIsBannedAsLongAsItsLongestBan) {
  const PartsCase cases[] = {
      {"None", {}, ""},
      {"BesideEachOther",
       {{"203.0.112.0/24", 1}, {"203.0.113.0/24", 2}},
       "203.0.112.0/24 1, 203.0.113.0/24 2"},
      {"InOneThatLastsAsLong",
       {{"203.0.112.0/22", 2}, {"203.0.113.0/24", 2}, {"203.0.114.0/24", 1}},
       "203.0.112.0/22 2"},
      {"LongerThanTheOneAround",
       {{"203.0.112.0/22", 1}, {"203.0.113.0/24", 2}},
       "203.0.112.0/24 1, 203.0.113.0/24 2, 203.0.114.0/23 1"},
      {"LongerAtItsBeginning",
       {{"203.0.112.0/22", 1}, {"203.0.112.0/24", 2}},
       "203.0.112.0/24 2, 203.0.113.0-203.0.115.255 1"},
      {"LongerAtItsEnd",
       {{"203.0.112.0/22", 1}, {"203.0.115.0/24", 2}},
       "203.0.112.0-203.0.114.255 1, 203.0.115.0/24 2"},
      {"ThreeDeep",
       {{"203.0.112.0/22", 1}, {"203.0.112.0/23", 2}, {"203.0.112.0/24", 3}},
       "203.0.112.0/24 3, 203.0.113.0/24 2, 203.0.114.0/23 1"},
      {"ShorterInsideALongerOne",
       {{"203.0.112.0/22", 1}, {"203.0.112.0/23", 3}, {"203.0.112.0/24", 2}},
       "203.0.112.0/23 3, 203.0.114.0/23 1"},
      {"UpToTheHighestAddress",
       {{"255.0.0.0/8", 1}, {"255.255.255.0/24", 2}, {"255.255.255.128/25", 3}},
       "255.0.0.0-255.255.254.255 1, 255.255.255.0/25 2, 255.255.255.128/25 3"},
      {"SitesOfIPv6",
       {{"2001:db8::/48", 1}, {"2001:db8:0:100::/56", 2}},
       "2001:db8::/56 1, 2001:db8:0:100::/56 2, "
       "2001:db8:0:200::-2001:db8:0:ffff:ffff:ffff:ffff:ffff 1"},
  };
  for (const PartsCase& row : cases)
    EXPECT_EQ(text_of(without_overlap(ranges_of(row.bans))), row.parts) << row.name;
}

// Against a table of all addresses of a /24.
TEST(BannedRanges, AgreeWithEveryAddress) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::pair<base::IpPrefix, int>> bans;
    std::array<int, 256> until{};
    const unsigned count = random() % 8;
    for (unsigned i = 0; i < count; ++i) {
      const int length = 24 + static_cast<int>(random() % 8);
      base::IpAddress address = *base::parse_ip("255.255.255.0");
      address.bytes[3] = static_cast<std::uint8_t>(random());
      const base::IpPrefix prefix{base::mask(address, length), length};
      if (std::ranges::any_of(bans, [&](const auto& other) { return other.first == prefix; }))
        continue;
      bans.emplace_back(prefix, 1 + static_cast<int>(random() % 5));
      const auto range = policies::range_of(prefix);
      for (std::size_t at = range.first.bytes[3]; at <= range.last.bytes[3]; ++at)
        until.at(at) = std::max(until.at(at), bans.back().second);
    }
    std::ranges::sort(bans);
    std::vector<BannedRange> nested;
    nested.reserve(bans.size());
    for (const auto& [prefix, ends] : bans)
      nested.push_back({policies::range_of(prefix), sys_seconds(seconds(ends))});
    const auto parts = without_overlap(nested);
    EXPECT_LE(parts.size(), 2 * bans.size());
    std::array<int, 256> met{};
    for (const BannedRange& part : parts) {
      for (std::size_t at = part.range.first.bytes[3]; at <= part.range.last.bytes[3]; ++at) {
        EXPECT_EQ(met.at(at), 0) << "twice: " << text_of(parts);
        met.at(at) = static_cast<int>(part.until.time_since_epoch().count());
      }
    }
    ASSERT_EQ(met, until) << text_of(parts);
  }
}

}  // namespace
}  // namespace ravelin::firewall
