#include "policies/parse/address_text.h"

#include "policies/parse/words.h"
#include "tests/policies/parse/facts.h"

#include <gtest/gtest.h>

namespace ravelin::policies {
namespace {

TEST(AddressText, IsAnAddressANetworkOrARange) {
  EXPECT_EQ(to_string(*parse_address_range("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(to_string(*parse_address_range("10.0.0.0/8")), "10.0.0.0/8");
  EXPECT_EQ(to_string(*parse_address_range("10.0.0.1-10.0.0.9")), "10.0.0.1-10.0.0.9");
  EXPECT_EQ(to_string(*parse_address_range("10.0.0.1 - 10.0.0.9")), "10.0.0.1-10.0.0.9");
  EXPECT_EQ(to_string(*parse_address_range("2001:db8::/32")), "2001:db8::/32");
  EXPECT_EQ(to_string(*parse_address_range("::1")), "::1");
  for (const char* text : {"", "10.0.0.1/8", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/33",
                           "10.0.0.0/8-10.0.0.9", "a-b", "10.0.0", "-"}) {
    EXPECT_FALSE(parse_address_range(text)) << text;
  }
}

TEST(DnsName, HasADotAndALetterInItsLastLabel) {
  for (const char* text : {"mail.example.com", "a.b", "xn--bcher-kva.example", "9.example"})
    EXPECT_TRUE(is_dns_name(text)) << text;
  for (const char* text : {"", "localhost", "a.", ".a", "a..b", "-a.b", "a-.b", "a_b.c", "10.0.0.1",
                           "10.0.0.300", "a.b:1", "a b.c"}) {
    EXPECT_FALSE(is_dns_name(text)) << text;
  }
  EXPECT_FALSE(is_dns_name(std::string(250, 'a') + ".com"));
}

struct Part {
  const char* text;
  const char* prefix;
  const char* range;  // empty: there is no such part
};

TEST(DelegatedPart, IsOneOfThePrefixesNetworks) {
  constexpr Part kParts[] = {
      {"pd(wan,0)::/64", "2001:db8:aa00::/56", "2001:db8:aa00::/64"},
      {"pd(wan,2)::10", "2001:db8:aa00::/56", "2001:db8:aa00:2::10"},
      {"pd(wan,255)::5", "2001:db8:aa00::/56", "2001:db8:aa00:ff::5"},
      {"pd(wan,256)::5", "2001:db8:aa00::/56", ""},
      {"pd(wan,0)::5", "2001:db8:aa00::/64", "2001:db8:aa00::5"},
      {"pd(wan,1)::5", "2001:db8:aa00::/64", ""},
      {"pd(wan, 1)::20:0/112", "2001:db8::/48", "2001:db8:0:1::20:0/112"},
      {"pd(wan,0)::1", "2001:db8::/65", ""},
      {"pd(wan,18446744073709551615)::1", "::/0", "ffff:ffff:ffff:ffff::1"},
      {"pd(wan,0)::1", "10.0.0.0/8", ""},
  };
  for (const Part& row : kParts) {
    const auto part = parse_delegated_part(row.text);
    ASSERT_TRUE(part) << row.text;
    EXPECT_EQ(part->zone, "wan");
    const auto range = part_of(prefix(row.prefix), *part);
    EXPECT_EQ(range ? to_string(*range) : "", row.range) << row.text << " of " << row.prefix;
  }
  for (const char* text : {"pd", "pd(", "pd()", "pd(wan)::1", "pd(wan,)::1", "pd(wan,-1)::1",
                           "pd(wan,0)", "pd(wan,0)::1/63", "pd(wan,0)::1/129", "pd(wan,0)::1/64",
                           "pd(wan,0)2001:db8::1", "pd(wan,0)1.2.3.4", "pd(wan,0)::1 "}) {
    EXPECT_FALSE(parse_delegated_part(text)) << text;
  }
}

TEST(Bogons, LeaveOutWhatTestsAndLinksNeed) {
  for (const char* text : {"10.1.2.3", "127.0.0.1", "192.168.1.1", "172.31.0.1", "224.0.0.1",
                           "255.255.255.255", "0.0.0.0", "::1", "::", "fd00::1", "ff02::1"}) {
    EXPECT_TRUE(contains(bogons(), ip(text))) << text;
  }
  for (const char* text : {"8.8.8.8", "203.0.113.9", "198.51.100.7", "192.0.2.1", "172.32.0.1",
                           "2001:db8::9", "fe80::1", "2a00::1", "64:ff9b::1"}) {
    EXPECT_FALSE(contains(bogons(), ip(text))) << text;
  }
}

TEST(InterfaceText, HasAStarOnlyAtItsEnd) {
  for (const char* text : {"eth0", "wg*", "br-lan", "eth0.10", "*", "veth1@x", "abcdefghijklmno"})
    EXPECT_TRUE(parse_interface(text)) << text;
  for (const char* text : {"", "lo", "e*h", "wg?", "**", "eth 0", "a/b", "abcdefghijklmnop", ".",
                           "..", "eth[0-9]", "eth0:1", "\x80"}) {
    EXPECT_FALSE(parse_interface(text)) << text;
  }
}

}  // namespace
}  // namespace ravelin::policies
