#include "base/address.h"

#include <gtest/gtest.h>

namespace ravelin::base {
namespace {

struct EndpointCase {
  const char* text;
  const char* printed;  // nullptr = refused
};

TEST(Address, ReadsAndPrintsEndpoints) {
  const EndpointCase cases[] = {
      {"0.0.0.0:443", "0.0.0.0:443"},
      {"[::1]:8443", "[::1]:8443"},
      {"[2001:DB8::0:1]:80", "[2001:db8::1]:80"},
      {"Backend.internal:80", "backend.internal:80"},
      {"unix:/run/app.sock", "unix:/run/app.sock"},
      {"0.0.0.0:70000", nullptr},
      {"0.0.0.0:0", nullptr},
      {"::1:80", nullptr},
      {"[10.0.0.1]:80", nullptr},
      {"host", nullptr},
      {"ho st:80", nullptr},
      {"unix:", nullptr},
      {":80", nullptr},
  };
  for (const auto& row : cases) {
    const auto endpoint = parse_endpoint(row.text);
    ASSERT_EQ(endpoint.has_value(), row.printed != nullptr) << row.text;
    if (endpoint) EXPECT_EQ(to_string(*endpoint), row.printed);
  }
}

TEST(Address, StoresMappedIpv4AsIpv4) {
  EXPECT_EQ(to_string(*parse_ip("::ffff:10.1.2.3")), "10.1.2.3");
}

TEST(Address, MasksToPrefixes) {
  EXPECT_EQ(to_string(mask(*parse_ip("2001:db8:1:2:3::4"), 64)), "2001:db8:1:2::");
  EXPECT_EQ(to_string(mask(*parse_ip("10.1.2.3"), 13)), "10.0.0.0");
  EXPECT_EQ(to_string(mask(*parse_ip("10.1.2.3"), 32)), "10.1.2.3");
}

TEST(Address, PrefixContainsOnlyItsOwnFamilyAndRange) {
  const IpPrefix prefix = *parse_prefix("10.0.0.0/8");
  EXPECT_TRUE(prefix.contains(*parse_ip("10.255.0.1")));
  EXPECT_FALSE(prefix.contains(*parse_ip("11.0.0.1")));
  EXPECT_FALSE(prefix.contains(*parse_ip("a00::1")));
}

TEST(Address, RefusesPrefixesWithHostBits) {
  EXPECT_EQ(parse_prefix("10.0.0.1/8").error().message, "has host bits set (write 10.0.0.0/8)");
  EXPECT_FALSE(parse_prefix("10.0.0.0/33"));
  EXPECT_FALSE(parse_prefix("banana/8"));
  EXPECT_EQ(to_string(*parse_prefix("::1")), "::1/128");
}

}  // namespace
}  // namespace ravelin::base
