#include "firewall/control/banned_flows.h"

#include "policies/model/policy.h"
#include "tests/firewall/control/fake_conntrack.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

Flow flow(std::string_view from, std::string_view to) {
  Flow made;
  made.original = {*base::parse_ip(from), *base::parse_ip(to), policies::kTcp, 40'000, 443};
  made.reply = {made.original.destination, made.original.source, policies::kTcp, 443, 40'000};
  return made;
}

std::vector<base::IpPrefix> prefixes(std::initializer_list<std::string_view> texts) {
  std::vector<base::IpPrefix> made;
  made.reserve(texts.size());
  for (const std::string_view text : texts)
    made.push_back(*base::parse_prefix(text));
  return made;
}

struct TouchCase {
  const char* name;
  const char* from;
  const char* to;
  bool touches;
};

TEST(BannedFlows, AreThoseWithTheBannedAtEitherEnd) {
  constexpr TouchCase kCases[] = {
      {"FromTheBanned", "192.0.2.7", "198.51.100.1", true},
      {"ToTheBanned", "198.51.100.1", "192.0.2.7", true},
      {"OfANetwork", "2001:db8:1:2::9", "2001:db8::1", true},
      {"OfANeighbour", "192.0.2.8", "198.51.100.1", false},
      {"OfTheNextNetwork", "2001:db8:1:3::9", "2001:db8::1", false},
      {"OfTheOtherFamily", "::c000:207", "2001:db8::1", false},
  };
  const auto banned = prefixes({"192.0.2.7", "2001:db8:1:2::/64"});
  for (const TouchCase& row : kCases)
    EXPECT_EQ(touches(flow(row.from, row.to), banned), row.touches) << row.name;
}

TEST(BannedFlows, AreEndedAndOthersGoOn) {
  FakeConntrack table;
  const Flow other = flow("192.0.2.8", "198.51.100.1");
  table.flows = {flow("192.0.2.7", "198.51.100.1"), other, flow("198.51.100.1", "192.0.2.7")};
  const auto ended = end_flows_of(table, prefixes({"192.0.2.7"}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 2U);
  EXPECT_EQ(table.flows, std::vector{other});
}

TEST(BannedFlows, SayWhyTheyCannotBeEnded) {
  FakeConntrack table;
  table.is_silent = true;
  EXPECT_EQ(end_flows_of(table, prefixes({"192.0.2.7"})).error().code, base::Errc::timeout);
}

}  // namespace
}  // namespace ravelin::firewall
