#include "policies/model/address_set.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

AddressRange range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return range_of(*base::parse_prefix(text));
  return {*base::parse_ip(text.substr(0, dash)), *base::parse_ip(text.substr(dash + 1))};
}

AddressRanges ranges(std::initializer_list<std::string_view> texts) {
  AddressRanges list;
  for (const std::string_view text : texts)
    list.push_back(range(text));
  return list;
}

TEST(AddressSet, NormalisedJoinsWhatOverlapsOrTouches) {
  EXPECT_EQ(normalised(ranges({"10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "2001:db8::/32"})),
            ranges({"10.0.0.0-10.0.1.255", "2001:db8::/32"}));
  EXPECT_EQ(normalised(ranges({"0.0.0.0/0", "255.255.255.255"})), ranges({"0.0.0.0/0"}));
  EXPECT_EQ(normalised(ranges({"0.0.0.0/0", "::/0"})).size(), 2U);
}

TEST(AddressSet, DifferenceCutsOut) {
  EXPECT_EQ(difference(ranges({"10.0.0.0/24"}), ranges({"10.0.0.0", "10.0.0.5-10.0.0.9"})),
            ranges({"10.0.0.1-10.0.0.4", "10.0.0.10-10.0.0.255"}));
  EXPECT_EQ(difference(ranges({"0.0.0.0/0", "::/0"}), ranges({"0.0.0.0/0"})), ranges({"::/0"}));
  EXPECT_EQ(difference(ranges({"10.0.0.0/8"}), ranges({"0.0.0.0/0"})), AddressRanges());
  EXPECT_EQ(difference(ranges({"10.0.0.0/30", "10.0.0.8/30"}), ranges({"10.0.0.2-10.0.0.9"})),
            ranges({"10.0.0.0-10.0.0.1", "10.0.0.10-10.0.0.11"}));
}

TEST(AddressSet, IntersectionKeepsWhatIsInBoth) {
  EXPECT_EQ(intersection(ranges({"10.0.0.0/24", "2001:db8::/32"}),
                         ranges({"10.0.0.250-10.0.1.3", "2001:db8:1::/48"})),
            ranges({"10.0.0.250-10.0.0.255", "2001:db8:1::/48"}));
  EXPECT_EQ(intersection(ranges({"0.0.0.0/0"}), ranges({"::/0"})), AddressRanges());
}

TEST(AddressSet, ContainsLooksInTheRightRange) {
  const AddressRanges list = ranges({"10.0.0.0/30", "10.0.0.8/30", "::1"});
  EXPECT_TRUE(contains(list, *base::parse_ip("10.0.0.11")));
  EXPECT_FALSE(contains(list, *base::parse_ip("10.0.0.4")));
  EXPECT_FALSE(contains(list, *base::parse_ip("9.255.255.255")));
  EXPECT_TRUE(contains(list, *base::parse_ip("::1")));
}

TEST(AddressSet, FamiliesStandApart) {
  const AddressRanges list = ranges({"10.0.0.0/30", "10.0.0.8/30", "::1"});
  EXPECT_EQ(in_family(list, base::Family::ipv4).size(), 2U);
  EXPECT_EQ(in_family(list, base::Family::ipv6).size(), 1U);
}

struct PrefixCase {
  const char* range;
  std::vector<std::string> prefixes;
};

TEST(AddressSet, PrefixesCoverARangeExactly) {
  const PrefixCase cases[] = {
      {"10.0.0.0/8", {"10.0.0.0/8"}},
      {"10.0.0.1-10.0.0.6", {"10.0.0.1", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6"}},
      {"0.0.0.0/0", {"0.0.0.0/0"}},
      {"255.255.255.254-255.255.255.255", {"255.255.255.254/31"}},
      {"::/0", {"::/0"}},
  };
  for (const PrefixCase& row : cases) {
    std::vector<std::string> texts;
    for (const base::IpPrefix& prefix : prefixes_of(range(row.range)))
      texts.push_back(to_string(range_of(prefix)));
    EXPECT_EQ(texts, row.prefixes) << row.range;
  }
}

TEST(AddressSet, NeighboursStopAtTheEnds) {
  EXPECT_EQ(next(*base::parse_ip("10.0.0.255")), *base::parse_ip("10.0.1.0"));
  EXPECT_EQ(previous(*base::parse_ip("10.0.1.0")), *base::parse_ip("10.0.0.255"));
  EXPECT_EQ(next(*base::parse_ip("255.255.255.255")), *base::parse_ip("255.255.255.255"));
  EXPECT_EQ(previous(*base::parse_ip("::")), *base::parse_ip("::"));
}

}  // namespace
}  // namespace ravelin::policies
