#include "gateway/upstream/sticky_cookies.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kServers[] = {"10.0.0.1:80", "green", "blue"};

StickyConfig config_of(const std::string& cookie) {
  StickyConfig config;
  config.cookie = cookie;
  return config;
}

std::string value_of(std::string_view set_cookie) {
  const std::size_t begin = set_cookie.find('=') + 1;
  return std::string(set_cookie.substr(begin, set_cookie.find(';') - begin));
}

TEST(StickyCookies, LeadBackToTheirServer) {
  const StickyCookies cookies(config_of("srv"), "key", "web", kServers);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string value = value_of(cookies.set_cookie(i));
    EXPECT_EQ(value.size(), 32U);
    EXPECT_EQ(cookies.find(value), i);
  }
}

// The gateway with the same key agrees whatever the order of its servers; no one else does.
TEST(StickyCookies, AreOfOneKeyPoolAndName) {
  const StickyCookies cookies(config_of("srv"), "key", "web", kServers);
  const std::string green = value_of(cookies.set_cookie(1));
  constexpr std::string_view kOther[] = {"blue", "green"};
  EXPECT_EQ(StickyCookies(config_of("srv"), "key", "web", kOther).find(green), 1U);
  EXPECT_FALSE(StickyCookies(config_of("srv"), "other key", "web", kServers).find(green));
  EXPECT_FALSE(StickyCookies(config_of("srv"), "key", "api", kServers).find(green));
}

TEST(StickyCookies, ForgedOnesNameNobody) {
  const StickyCookies cookies(config_of("srv"), "key", "web", kServers);
  const std::string good = value_of(cookies.set_cookie(0));
  std::string flipped = good;
  flipped[31] = flipped[31] == '0' ? '1' : '0';
  for (const std::string& bad : {std::string(), std::string("0"), std::string("10.0.0.1:80"),
                                 flipped, good.substr(0, 31), good + "0", '"' + good + '"'})
    EXPECT_FALSE(cookies.find(bad)) << bad;
}

TEST(StickyCookies, HoldNoAddressAndNoName) {
  const StickyCookies cookies(config_of("srv"), "key", "web", kServers);
  EXPECT_EQ(cookies.set_cookie(0).find("10.0.0.1"), std::string_view::npos);
  EXPECT_EQ(cookies.set_cookie(1).find("green"), std::string_view::npos);
}

TEST(StickyCookies, HaveTheConfiguredAttributes) {
  StickyConfig config = config_of("srv");
  const auto line = [&config] {
    const StickyCookies cookies(config, "key", "web", kServers);
    const std::string text(cookies.set_cookie(0));
    return text.substr(text.find(';'));
  };
  EXPECT_EQ(line(), "; Path=/; Secure; HttpOnly; SameSite=Lax");
  config.ttl = 3600s;
  config.same_site = SameSite::none;
  EXPECT_EQ(line(), "; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=None");
  config.ttl.reset();
  config.secure = config.http_only = false;
  config.same_site = SameSite::strict;
  EXPECT_EQ(line(), "; Path=/; SameSite=Strict");
}

}  // namespace
}  // namespace ravelin::gateway
