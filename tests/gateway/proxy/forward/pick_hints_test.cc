#include "gateway/proxy/forward/pick_hints.h"

#include "gateway/balance/key_hash.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ravelin::gateway {
namespace {

std::uint64_t key_of(const HashConfig& config, const std::string& fields,
                     const std::string& client = "192.0.2.7", const std::string& path = "/p") {
  const auto head = std::make_unique<http1::RequestHead>();
  const std::string text = "GET " + path + " HTTP/1.1\r\nHost: x.test\r\n" + fields + "\r\n";
  EXPECT_TRUE(http1::parse_request_head(text, {}, *head).ok()) << text;
  return hash_key(config, *head, head->path, *base::parse_ip(client));
}

TEST(HashKey, OfTheClientIsItsPrefix) {
  const HashConfig host;
  EXPECT_EQ(key_of(host, "X-A: 1\r\n"), key_of(host, "", "192.0.2.7", "/q"));
  EXPECT_NE(key_of(host, ""), key_of(host, "", "192.0.2.8"));
  EXPECT_EQ(key_of(host, "", "2001:db8::1"), key_of(host, "", "2001:db8::ffff:1"));
  EXPECT_NE(key_of(host, "", "2001:db8::1"), key_of(host, "", "2001:db8:0:1::1"));

  HashConfig wide;
  wide.ipv4_prefix = 20;
  wide.ipv6_prefix = 33;
  EXPECT_EQ(key_of(wide, "", "192.0.0.1"), key_of(wide, "", "192.0.15.255"));
  EXPECT_NE(key_of(wide, "", "192.0.0.1"), key_of(wide, "", "192.0.16.1"));
  EXPECT_EQ(key_of(wide, "", "2001:db8::1"), key_of(wide, "", "2001:db8:7fff::1"));
  EXPECT_NE(key_of(wide, "", "2001:db8::1"), key_of(wide, "", "2001:db8:8000::1"));
}

TEST(HashKey, OfAHeaderIsItsValueOrElseTheClient) {
  const HashConfig config{.key = HashKey::header, .name = "X-User"};
  EXPECT_EQ(key_of(config, "x-user: ann\r\n"), hash_bytes("ann"));
  EXPECT_EQ(key_of(config, "X-User: ann\r\nX-User: bob\r\n", "192.0.2.9"), hash_bytes("ann"));
  const std::uint64_t client = key_of({}, "");
  EXPECT_EQ(key_of(config, ""), client);
  EXPECT_EQ(key_of(config, "X-User:\r\n"), client);
}

TEST(HashKey, OfACookieIsItsValueOrElseTheClient) {
  const HashConfig config{.key = HashKey::cookie, .name = "sid"};
  EXPECT_EQ(key_of(config, "Cookie: a=1; sid=s1\r\n"), hash_bytes("s1"));
  EXPECT_EQ(key_of(config, "Cookie: a=1\r\n"), key_of({}, ""));
  EXPECT_EQ(key_of(config, "Cookie: sid=\r\n"), key_of({}, ""));
}

TEST(HashKey, OfThePathLeavesOutTheQuery) {
  const HashConfig config{.key = HashKey::path};
  EXPECT_EQ(key_of(config, "", "192.0.2.7", "/a?x=1"), key_of(config, "", "192.0.2.8", "/a?x=2"));
  EXPECT_NE(key_of(config, "", "192.0.2.7", "/a"), key_of(config, "", "192.0.2.7", "/b"));
}

TEST(PickHints, ReadTheBindingCookie) {
  PoolConfig config;
  config.name = "web";
  std::vector<std::shared_ptr<Server>> servers;
  for (const char* name : {"a", "b"}) {
    ServerConfig server;
    server.name = name;
    server.address = base::IpEndpoint{};
    config.servers.push_back(server);
    servers.push_back(std::make_shared<Server>("web", server));
  }
  StickyConfig sticky;
  sticky.cookie = "srv";
  constexpr std::string_view kNames[] = {"a", "b"};
  auto cookies = std::make_unique<const StickyCookies>(sticky, "key", "web", kNames);
  const std::string line(cookies->set_cookie(1));
  const Pool pool(config, servers, "", std::move(cookies));
  const auto hints_of = [&pool](const std::string& fields) {
    const auto head = std::make_unique<http1::RequestHead>();
    const std::string text = "GET / HTTP/1.1\r\nHost: x.test\r\n" + fields + "\r\n";
    EXPECT_TRUE(http1::parse_request_head(text, {}, *head).ok());
    return read_hints(pool, *head, "/", *base::parse_ip("192.0.2.7"));
  };
  EXPECT_EQ(hints_of("").cookie, PickHints::Cookie::none);
  EXPECT_EQ(hints_of("Cookie: other=1\r\n").cookie, PickHints::Cookie::none);
  EXPECT_EQ(hints_of("Cookie: srv=b\r\n").cookie, PickHints::Cookie::bad);
  const std::string ours = line.substr(0, line.find(';'));
  const auto times = [](int count, const std::string& text) {
    std::string all;
    for (int i = 0; i < count; ++i)
      all += text;
    return all;
  };
  for (const std::string& before :
       {std::string("Cookie: x=1; "), std::string("Cookie: srv=b; "),
        std::string("Cookie: srv=b\r\nCookie: "), "Cookie: " + times(7, "srv=b; ")}) {
    const PickHints good = hints_of(before + ours + "\r\n");
    EXPECT_EQ(good.cookie, PickHints::Cookie::good) << before;
    EXPECT_EQ(good.server, 1U) << before;
  }
  EXPECT_EQ(hints_of("Cookie: " + times(8, "srv=b; ") + ours + "\r\n").cookie,
            PickHints::Cookie::bad);
}

}  // namespace
}  // namespace ravelin::gateway
