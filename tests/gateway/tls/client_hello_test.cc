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

}  // namespace
}  // namespace ravelin::gateway
