#include "gateway/route/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

struct Case {
  const char* name;
  const char* peer;
  std::vector<const char*> lines;  // of X-Forwarded-For, in order
  const char* client;
};

// 10.0.0.0/8 and 2001:db8::/32 are trusted.
const Case kCases[] = {
    {"AStrangersFieldSaysNothing", "192.0.2.1", {"198.51.100.9"}, "192.0.2.1"},
    {"ATrustedPeerWithoutIt", "10.0.0.1", {}, "10.0.0.1"},
    {"ATrustedPeerTellsItsClient", "10.0.0.1", {"198.51.100.9"}, "198.51.100.9"},
    {"WhatTheClientForgedIsLeft", "10.0.0.1", {"10.5.5.5, 198.51.100.9"}, "198.51.100.9"},
    {"OverTwoTrustedHops", "10.0.0.1", {"203.0.113.1, 198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
    {"OverTwoLines", "10.0.0.1", {"203.0.113.1, 198.51.100.9", "10.0.0.2"}, "198.51.100.9"},
    {"TheForgedLineComesFirst", "10.0.0.1", {"10.7.7.7", "198.51.100.9"}, "198.51.100.9"},
    {"AllTrustedIsTheFirst", "10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
    {"NoAddressEndsIt", "10.0.0.1", {"198.51.100.9, unknown, 10.0.0.2"}, "10.0.0.2"},
    {"EmptyEntryEndsIt", "10.0.0.1", {"198.51.100.9, , 10.0.0.2"}, "10.0.0.2"},
    {"EmptyLineIsPassed", "10.0.0.1", {"198.51.100.9", ""}, "198.51.100.9"},
    {"WithPort", "10.0.0.1", {"198.51.100.9:4711"}, "198.51.100.9"},
    {"Ipv6", "2001:db8::1", {"2001:db9::7"}, "2001:db9::7"},
    {"Ipv6InBrackets", "10.0.0.1", {"[2001:db9::7]:443"}, "2001:db9::7"},
    {"Ipv6InOpenBrackets", "10.0.0.1", {"[2001:db9::7"}, "2001:db9::7"},
    {"Tabs", "10.0.0.1", {"\t198.51.100.9\t,\t10.0.0.2 "}, "198.51.100.9"},
};

TEST(DecidingClient, IsTheRightMostThatIsNotTrusted) {
  const std::vector<base::IpPrefix> trusted = {*base::parse_prefix("10.0.0.0/8"),
                                               *base::parse_prefix("2001:db8::/32")};
  for (const Case& row : kCases) {
    FieldList fields;
    fields.push_back({FieldId::accept, "Accept", "*/*"});
    for (const char* line : row.lines)
      fields.push_back({FieldId::x_forwarded_for, "X-Forwarded-For", line});
    const auto client = deciding_client(*base::parse_ip(row.peer), trusted, fields);
    EXPECT_EQ(base::to_string(client), row.client) << row.name;
  }
}

TEST(DecidingClient, LooksAtThirtyTwoHopsAtMost) {
  const std::vector<base::IpPrefix> trusted = {*base::parse_prefix("10.0.0.0/8")};
  std::string list = "198.51.100.9, 10.0.0.99";
  for (int i = 0; i < 31; ++i)
    list += ", 10.0.0.2";
  FieldList fields;
  fields.push_back({FieldId::x_forwarded_for, "X-Forwarded-For", list});
  EXPECT_EQ(base::to_string(deciding_client(*base::parse_ip("10.0.0.1"), trusted, fields)),
            "10.0.0.99");
}

}  // namespace
}  // namespace ravelin::gateway
