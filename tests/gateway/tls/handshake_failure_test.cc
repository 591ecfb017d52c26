// Each kind of bad client, and the one reason it gets.
#include "gateway/tls/handshake_failure.h"

#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::issue;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const ListenerTls> listener() {
  static const auto tls = make_listener({{issue({"www.example.com"})}});
  return tls;
}

struct RawCase {
  const char* title;
  std::string bytes;
  Reason reason;
  const char* detail;
};

void PrintTo(const RawCase& row, std::ostream* out) {
  *out << row.title;
}

class RawBytes : public testing::TestWithParam<RawCase> {};

TEST_P(RawBytes, AreExplained) {
  MemoryHandshake handshake(listener(), {});
  handshake.feed(GetParam().bytes);
  handshake.close_client();
  EXPECT_FALSE(handshake.run());
  EXPECT_EQ(handshake.failure().reason, GetParam().reason) << handshake.failure().detail;
  EXPECT_THAT(handshake.failure().detail, HasSubstr(GetParam().detail));
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values)
    text += static_cast<char>(value);
  return text;
}

std::vector<RawCase> raw_cases() {
  const std::string hello_tls10 = bytes({0x16, 3, 1, 0, 0x2d, 1, 0, 0, 0x29, 3, 1}) +
                                  std::string(32, 'r') + bytes({0, 0, 2, 0, 0x2f, 1, 0});
  return {
      {"HttpGet", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::plain_http_on_tls, "plain http"},
      {"HttpPost", "POST / HTTP/1.1\r\n\r\n", Reason::plain_http_on_tls, "plain http"},
      {"HttpConnect", "CONNECT a:1 HTTP/1.1\r\n\r\n", Reason::plain_http_on_tls, "plain http"},
      {"Ssh", "SSH-2.0-OpenSSH_9.2\r\n", Reason::handshake_failed, "not tls"},
      {"Garbage", std::string(64, '\xff'), Reason::handshake_failed, "not tls"},
      {"Nothing", "", Reason::handshake_closed, "the client closed"},
      {"HalfAHello", hello_tls10.substr(0, 20), Reason::handshake_closed, "the client closed"},
      {"Tls10Hello", hello_tls10, Reason::handshake_unknown_name, "sent no server name"},
      {"AlertFirst", bytes({0x15, 3, 1, 0, 2, 2, 40}), Reason::handshake_failed,
       "unexpected message"},
      {"HugeRecord", bytes({0x16, 3, 1, 0xff, 0xff}) + std::string(100, 'x'),
       Reason::handshake_failed, ""},
  };
}

INSTANTIATE_TEST_SUITE_P(Raw, RawBytes, testing::ValuesIn(raw_cases()),
                         [](const auto& row) { return std::string(row.param.title); });

struct ClientCase {
  const char* title;
  ClientOptions client;
  Reason reason;
  const char* detail;
};

void PrintTo(const ClientCase& row, std::ostream* out) {
  *out << row.title;
}

class BadClient : public testing::TestWithParam<ClientCase> {};

TEST_P(BadClient, IsExplained) {
  MemoryHandshake handshake(listener(), GetParam().client);
  handshake.run();
  ASSERT_TRUE(handshake.server_failed());
  EXPECT_EQ(handshake.failure().reason, GetParam().reason) << handshake.failure().detail;
  EXPECT_THAT(handshake.failure().detail, StartsWith(GetParam().detail));
}

std::vector<ClientCase> client_cases() {
  return {
      {"OnlyRsaSuites",
       {.sni = "www.example.com",
        .version_max = TLS1_2_VERSION,
        .ciphers12 = "ECDHE-RSA-AES128-GCM-SHA256"},
       Reason::handshake_no_shared_cipher,
       "no cipher suite"},
      {"OnlyCbcSuites",
       {.sni = "www.example.com",
        .version_max = TLS1_2_VERSION,
        .ciphers12 = "ECDHE-ECDSA-AES128-SHA"},
       Reason::handshake_no_shared_cipher,
       "no cipher suite"},
      {"OnlyP521",
       {.sni = "www.example.com", .version_min = TLS1_3_VERSION, .groups = "P-521"},
       Reason::handshake_no_shared_cipher,
       "no group in common"},
      {"OnlyRsaSignatures",
       {.sni = "www.example.com", .version_min = TLS1_3_VERSION, .signatures = "RSA-PSS+SHA256"},
       Reason::handshake_no_shared_cipher,
       "no signature algorithm"},
      {"Tls11",
       {.sni = "www.example.com", .version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION},
       Reason::handshake_unsupported_version,
       "the client offers at most TLS 1.1"},
      {"UnknownName",
       {.sni = "nobody.test"},
       Reason::handshake_unknown_name,
       "no certificate for this name"},
      {"DoesNotTrustUs",
       {.sni = "www.example.com", .trusts_test_ca = false},
       Reason::handshake_failed,
       "alert received: unknown ca"},
  };
}

INSTANTIATE_TEST_SUITE_P(Clients, BadClient, testing::ValuesIn(client_cases()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(HandshakeFailure, ClientThatLeavesInTheMiddle) {
  MemoryHandshake handshake(listener(), {.sni = "www.example.com"});
  handshake.step();
  handshake.close_client();
  EXPECT_FALSE(handshake.run());
  EXPECT_EQ(handshake.failure().reason, Reason::handshake_closed);
}

TEST(HandshakeFailure, NamesTheSocketError) {
  HandshakeInfo info;
  ERR_clear_error();
  const auto failure = explain_handshake_failure(nullptr, info, SSL_ERROR_SYSCALL, ECONNRESET);
  EXPECT_EQ(failure.reason, Reason::handshake_closed);
  EXPECT_EQ(failure.detail, "connection lost during the handshake: connection reset by peer");
}

TEST(HandshakeFailure, TellsARefusedCertificateFromOtherTrouble) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    MemoryHandshake refusing(listener(), {.sni = "www.example.com",
                                          .version_min = version,
                                          .version_max = version,
                                          .trusts_test_ca = false});
    EXPECT_FALSE(refusing.run());
    EXPECT_TRUE(refusing.failure().refuses_certificate) << refusing.failure().detail;
    EXPECT_EQ(refusing.failure().reason, Reason::handshake_failed);
  }
  MemoryHandshake other(listener(), {.sni = "www.example.com", .groups = "P-521"});
  EXPECT_FALSE(other.run());
  EXPECT_FALSE(other.failure().refuses_certificate) << other.failure().detail;
}

TEST(HandshakeFailure, VersionsHaveNames) {
  EXPECT_EQ(version_name(TLS1_2_VERSION), "TLS 1.2");
  EXPECT_EQ(version_name(0x0305), "version 0x0305");
}

}  // namespace
}  // namespace ravelin::gateway::test
