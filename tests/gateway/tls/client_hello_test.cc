#include "gateway/tls/client_hello.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::gateway {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes server_name(std::string_view name) {
  const auto size = static_cast<std::uint8_t>(name.size());
  Bytes bytes{0, static_cast<std::uint8_t>(size + 3), 0, 0, size};
  bytes.insert(bytes.end(), name.begin(), name.end());
  return bytes;
}

TEST(ServerNameExtension, GivesTheNameInLowerCase) {
  EXPECT_EQ(parse_server_name(server_name("WWW.Example.com")), "www.example.com");
}

struct NameBytes {
  const char* title;
  Bytes bytes;
};

void PrintTo(const NameBytes& row, std::ostream* out) {
  *out << row.title;
}

class BadServerName : public testing::TestWithParam<NameBytes> {};

TEST_P(BadServerName, IsRefused) {
  EXPECT_EQ(parse_server_name(GetParam().bytes), std::nullopt);
}

Bytes changed(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return bytes;
}

Bytes longer(Bytes bytes) {
  bytes.push_back('x');
  return bytes;
}

Bytes of_size(std::size_t size) {
  Bytes bytes{static_cast<std::uint8_t>((size + 3) >> 8U), static_cast<std::uint8_t>(size + 3), 0,
              static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
  bytes.resize(bytes.size() + size, 'a');
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, BadServerName,
    testing::Values(NameBytes{"Nothing", {}}, NameBytes{"Short", {0, 0}},
                    NameBytes{"EmptyName", server_name("")},
                    NameBytes{"ListTooLong", changed(server_name("a.b"), 1, 9)},
                    NameBytes{"NameTooLong", changed(server_name("a.b"), 4, 9)},
                    NameBytes{"OtherType", changed(server_name("a.b"), 2, 1)},
                    NameBytes{"TrailingByte", longer(server_name("a.b"))},
                    NameBytes{"Nul", changed(server_name("a.b"), 6, 0)},
                    NameBytes{"Space", server_name("a b")},
                    NameBytes{"Eight", changed(server_name("a.b"), 6, 0x80)},
                    NameBytes{"Of256Bytes", of_size(256)}),
    [](const auto& row) { return std::string(row.param.title); });

TEST(ServerNameExtension, TakesTheLongestName) {
  EXPECT_EQ(parse_server_name(of_size(255))->size(), 255U);
}

TEST(SupportedVersions, HighestWithoutGrease) {
  EXPECT_EQ(parse_highest_version(Bytes{6, 0x7a, 0x7a, 3, 3, 3, 4}), 0x0304);
  EXPECT_EQ(parse_highest_version(Bytes{4, 3, 2, 3, 1}), 0x0302);
}

TEST(SupportedVersions, MalformedGivesNone) {
  for (const Bytes& bytes : {Bytes{}, Bytes{2}, Bytes{3, 3, 3, 4}, Bytes{4, 3, 3}, Bytes{0, 0, 0}})
    EXPECT_EQ(parse_highest_version(bytes), 0);
}

TEST(AlpnExtension, TheOnlyProtocolIsFoundAndNoOther) {
  const auto of = [](std::string_view bytes) {
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  };
  using std::string_view_literals::operator""sv;
  EXPECT_TRUE(is_only_protocol(of("\0\x0b\x0a"
                                  "acme-tls/1"sv),
                               "acme-tls/1"));
  for (const std::string_view bytes : {""sv, "\0"sv,
                                       "\0\x0b\x0a"
                                       "acme-tls/2"sv,
                                       "\0\x0c\x0a"
                                       "acme-tls/1"sv,
                                       "\0\x0b\x09"
                                       "acme-tls/1"sv,
                                       "\0\x0e\x0a"
                                       "acme-tls/1"
                                       "\x02h2"sv,
                                       "\0\x03\x02h2"sv})
    EXPECT_FALSE(is_only_protocol(of(bytes), "acme-tls/1")) << bytes.size();
}

}  // namespace
}  // namespace ravelin::gateway
