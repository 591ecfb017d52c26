#include "gateway/http1/host.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct HostRow {
  std::string_view value;
  std::string_view host;  // "" = refused
  std::string_view authority;
  int port;  // 0 = none
};

TEST(Host, ReadsNamesAddressesAndPorts) {
  const HostRow rows[] = {
      {"example.com", "example.com", "example.com", 0},
      {"example.com:8443", "example.com", "example.com:8443", 8443},
      {"example.com:", "example.com", "example.com", 0},
      {"example.com.", "example.com", "example.com.", 0},
      {"example.com.:443", "example.com", "example.com.:443", 443},
      {"a:65535", "a", "a:65535", 65535},
      {"a:1", "a", "a:1", 1},
      {"my_host-1.x~y", "my_host-1.x~y", "my_host-1.x~y", 0},
      {"192.0.2.1:80", "192.0.2.1", "192.0.2.1:80", 80},
      {"[::1]", "[::1]", "[::1]", 0},
      {"[2001:DB8::1]:443", "[2001:DB8::1]", "[2001:DB8::1]:443", 443},
      {"[::ffff:192.0.2.1]:", "[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]", 0},
  };
  for (const HostRow& row : rows) {
    HostParts parts;
    EXPECT_TRUE(parse_host(row.value, parts).ok()) << row.value;
    EXPECT_EQ(parts.host, row.host) << row.value;
    EXPECT_EQ(parts.authority, row.authority) << row.value;
    EXPECT_EQ(parts.has_port, row.port != 0) << row.value;
    EXPECT_EQ(parts.port, row.port) << row.value;
  }
}

TEST(Host, RefusesEverythingElse) {
  const std::string long_literal = "[" + std::string(100, ':') + "]";
  const std::string_view values[] = {
      "",           ".",         "..",       "a..b",      ".a",     "a..",     "a b",
      " a",         "a,b",       "a;b",      "a/b",       "a?b",    "a#b",     "a\\b",
      "u@a",        "u:p@a",     "a%2eb",    "a%00",      "a\x80",  "a:0",     "a:00080",
      "a:65536",    "a:99999",   "a:123456", "a:8 0",     "a:x",    "a:-1",    "a:80:80",
      ":80",        ":",         "http://a", "a!b",       "a(b)",   "a*b",     "*",
      "[",          "[]",        "[::1",     "::1",       "[::1]x", "[::1]:0", "[::1]:x",
      "[::1%eth0]", "[::1%25e]", "[v1.x]",   "[1.2.3.4]", "[:::]",  "[::1]]",  "[g::]",
      "a]",         "a[",        "[[::1]]",  "a\tb",      "a'b",    "a\"b",    "a<b",
      long_literal,
  };
  for (const std::string_view value : values) {
    HostParts parts;
    const ParseResult result = parse_host(value, parts);
    EXPECT_EQ(result.reason, Reason::bad_host) << '"' << value << '"';
    EXPECT_FALSE(result.detail.empty());
  }
}

TEST(Host, AllowsExactlyTheNameCharacters) {
  constexpr std::string_view kPunctuation = "-_~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string value = std::string("a") + c + "b";
    const bool is_name_char = byte < 128 && (std::isalnum(byte) != 0 || c == '.' ||
                                             kPunctuation.find(c) != std::string_view::npos);
    HostParts parts;
    EXPECT_EQ(parse_host(value, parts).ok(), is_name_char) << "byte " << byte;
  }
}

TEST(Host, HasAtMost255Bytes) {
  HostParts parts;
  EXPECT_TRUE(parse_host(std::string(255, 'a') + ":80", parts).ok());
  EXPECT_FALSE(parse_host(std::string(256, 'a'), parts).ok());
  EXPECT_TRUE(parse_host(std::string(254, 'a') + ".", parts).ok());
  EXPECT_FALSE(parse_host(std::string(255, 'a') + ".", parts).ok());
}

TEST(Host, LowersOnlyWhatHasUpperCase) {
  std::array<char, kHostBytesMax> buffer{};
  HostParts parts;
  ASSERT_TRUE(parse_host("www.Example.COM:80", parts).ok());
  EXPECT_TRUE(parts.has_upper);
  EXPECT_EQ(lower_host(parts.host, buffer), "www.example.com");
  ASSERT_TRUE(parse_host("www.example.com", parts).ok());
  EXPECT_FALSE(parts.has_upper);
  EXPECT_EQ(lower_host(parts.host, buffer).data(), parts.host.data());
  ASSERT_TRUE(parse_host("[2001:DB8::A]", parts).ok());
  EXPECT_TRUE(parts.has_upper);
  EXPECT_EQ(lower_host(parts.host, buffer), "[2001:db8::a]");
}

}  // namespace
}  // namespace ravelin::gateway::http1
