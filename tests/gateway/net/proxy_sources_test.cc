#include "gateway/net/proxy_sources.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::gateway {
namespace {

TEST(ProxySources, AreThePrefixesAndUnixSocketsThatAreNamed) {
  const auto address = [](const char* text) { return *base::parse_ip(text); };
  const std::vector<ProxySource> prefixes = {{.prefix = *base::parse_prefix("10.0.0.0/8")},
                                             {.prefix = *base::parse_prefix("2001:db8::/32")}};
  const std::vector<ProxySource> local = {{.is_unix = true, .prefix = {}}};
  const base::IpAddress inside = address("10.1.2.3");
  const base::IpAddress inside6 = address("2001:db8::7");
  const base::IpAddress outside = address("11.0.0.1");
  const base::IpAddress zero = address("0.0.0.0");
  EXPECT_TRUE(is_proxy_source(prefixes, &inside));
  EXPECT_TRUE(is_proxy_source(prefixes, &inside6));
  EXPECT_FALSE(is_proxy_source(prefixes, &outside));
  EXPECT_FALSE(is_proxy_source(prefixes, nullptr));
  EXPECT_TRUE(is_proxy_source(local, nullptr));
  EXPECT_FALSE(is_proxy_source(local, &zero));
  EXPECT_FALSE(is_proxy_source({}, &inside));
}

}  // namespace
}  // namespace ravelin::gateway
