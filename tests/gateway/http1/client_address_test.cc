#include "gateway/http1/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

base::IpAddress ip(std::string_view text) {
  return *base::parse_ip(text);
}

const std::vector<base::IpPrefix> kTrusted = {*base::parse_prefix("10.0.0.0/8"),
                                              *base::parse_prefix("2001:db8::/32")};

std::string client_text(std::string_view peer, const std::vector<std::string_view>& lines,
                        std::span<const base::IpPrefix> trusted = kTrusted) {
  FieldList fields;
  fields.push_back({FieldId::host, "Host", "a.test"});
  for (const std::string_view line : lines)
    fields.push_back({FieldId::x_forwarded_for, "X-Forwarded-For", line});
  return base::to_string(client_of(ip(peer), trusted, fields));
}

struct AddressRow {
  const char* name;
  std::string_view peer;
  std::vector<std::string_view> lines;
  std::string_view client;
};

TEST(ClientOf, BelievesTrustedProxiesAndNobodyElse) {
  const AddressRow rows[] = {
      {"direct", "192.0.2.1", {}, "192.0.2.1"},
      {"forged by a stranger", "192.0.2.1", {"198.51.100.7"}, "192.0.2.1"},
      {"forged by a stranger as a proxy's", "192.0.2.1", {"198.51.100.7, 10.0.0.1"}, "192.0.2.1"},
      {"one proxy", "10.0.0.1", {"192.0.2.1"}, "192.0.2.1"},
      {"one proxy that says nothing", "10.0.0.1", {}, "10.0.0.1"},
      {"forged through one proxy", "10.0.0.1", {"127.0.0.1, 10.9.9.9, 192.0.2.1"}, "192.0.2.1"},
      {"two proxies", "10.0.0.2", {"192.0.2.1, 10.0.0.1"}, "192.0.2.1"},
      {"forged through two", "10.0.0.2", {"8.8.8.8,192.0.2.1 ,\t10.0.0.1"}, "192.0.2.1"},
      {"two lines are one list", "10.0.0.2", {"8.8.8.8, 192.0.2.1", "10.0.0.1"}, "192.0.2.1"},
      {"all trusted", "10.0.0.2", {"10.3.3.3, 10.0.0.1"}, "10.3.3.3"},
      {"IPv6", "2001:db8::1", {"2001:470::7"}, "2001:470::7"},
      {"IPv6 with a port", "2001:db8::1", {"[2001:470::7]:4711"}, "2001:470::7"},
      {"IPv4 with a port", "10.0.0.1", {"192.0.2.1:4711"}, "192.0.2.1"},
      {"mapped", "10.0.0.1", {"::ffff:192.0.2.1"}, "192.0.2.1"},
      {"no address", "10.0.0.1", {"192.0.2.1, unknown"}, "10.0.0.1"},
      {"no address behind a proxy", "10.0.0.2", {"192.0.2.1, _hidden, 10.0.0.1"}, "10.0.0.1"},
      {"empty elements", "10.0.0.1", {" , 192.0.2.1,, ", ","}, "192.0.2.1"},
      {"an empty line", "10.0.0.1", {""}, "10.0.0.1"},
  };
  for (const AddressRow& row : rows)
    EXPECT_EQ(client_text(row.peer, row.lines), row.client) << row.name;
}

TEST(ClientOf, IsThePeerWhereNobodyIsTrusted) {
  EXPECT_EQ(client_text("10.0.0.1", {"192.0.2.1"}, {}), "10.0.0.1");
}

TEST(ClientOf, FollowsABoundedNumberOfProxies) {
  std::string list = "192.0.2.1";
  for (int i = 0; i < 1000; ++i)
    list += ", 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
  const std::string client = client_text("10.0.0.1", {list});
  EXPECT_TRUE(client.starts_with("10.0.3.")) << client;
}

TEST(ForwardedAddress, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "unknown", "a.test", "192.0.2", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456",
        "[2001:470::7", "[2001:470::7]x", "[2001:470::7]:", "[192.0.2.1]", "[]", "[]:1", ":80",
        "192.0.2.1 80", "2001:470::7%eth0",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"}) {
    EXPECT_FALSE(parse_forwarded_address(text)) << text;
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
