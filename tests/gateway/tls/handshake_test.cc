// Names, key types, versions, ALPN: whole handshakes over memory.
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using certs::KeyType;
using certs::LeafKey;
using ravelin::test::issue;

const certs::PairPtr& www() {
  static const auto pair = issue({"www.example.com", "example.com"});
  return pair;
}

const certs::PairPtr& wildcard() {
  static const auto pair = issue({"*.example.com"});
  return pair;
}

const certs::PairPtr& www_rsa() {
  static const auto pair = issue({"www.example.com"}, LeafKey::rsa2048);
  return pair;
}

const certs::PairPtr& other() {
  static const auto pair = issue({"fallback.test"});
  return pair;
}

struct NameCase {
  const char* title;
  const char* sni;
  const char* served;  // nullptr: refused
};

void PrintTo(const NameCase& row, std::ostream* out) {
  *out << row.title;
}

class ServerName : public testing::TestWithParam<NameCase> {};

constexpr NameCase kWithoutDefault[] = {
    {"ExactName", "www.example.com", "www.example.com"},
    {"SecondNameOfACertificate", "example.com", "www.example.com"},
    {"WildcardCoversOneLabel", "shop.example.com", "*.example.com"},
    {"WildcardCoversNoSecondLabel", "a.shop.example.com", nullptr},
    {"ExactBeatsWildcard", "www.example.com", "www.example.com"},
    {"CaseIsIgnored", "WWW.Example.COM", "www.example.com"},
    {"UnknownNameIsRefused", "www.example.net", nullptr},
    {"NoNameIsRefused", "", nullptr},
    {"LeadingDotIsRefused", ".example.com", nullptr},
};

TEST_P(ServerName, ChoosesTheCertificate) {
  const auto listener = make_listener({{www()}, {wildcard()}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    MemoryHandshake handshake(
        listener, {.sni = GetParam().sni, .version_min = version, .version_max = version});
    if (GetParam().served != nullptr) {
      ASSERT_TRUE(handshake.run()) << handshake.failure().detail << handshake.client_error();
      EXPECT_EQ(handshake.served_name(), GetParam().served);
    } else {
      EXPECT_FALSE(handshake.run());
      EXPECT_EQ(handshake.failure().reason, Reason::handshake_unknown_name);
      EXPECT_NE(handshake.client_error().find("unrecognized name"), std::string::npos)
          << handshake.client_error();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ServerName, testing::ValuesIn(kWithoutDefault),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(Handshake, DefaultServesUnknownNamesAndNone) {
  const auto listener = make_listener({{www()}, {other(), true}});
  for (const char* sni : {"", "nobody.test"}) {
    MemoryHandshake handshake(listener, {.sni = sni});
    ASSERT_TRUE(handshake.run()) << handshake.failure().detail;
    EXPECT_EQ(handshake.served_name(), "fallback.test");
  }
}

TEST(Handshake, RemembersTheNameOfARefusedClient) {
  MemoryHandshake handshake(make_listener({{www()}}), {.sni = "Nobody.Test"});
  EXPECT_FALSE(handshake.run());
  EXPECT_EQ(handshake.info().sni, "nobody.test");
  EXPECT_EQ(handshake.info().version_max, TLS1_3_VERSION);
}

TEST(Handshake, PrefersEcdsaAndServesRsaToThoseWhoNeedIt) {
  const auto listener = make_listener({{www_rsa()}, {www()}});
  MemoryHandshake modern(listener, {.sni = "www.example.com"});
  ASSERT_TRUE(modern.run());
  EXPECT_EQ(modern.served_key(), KeyType::ec);

  MemoryHandshake rsa12(listener, {.sni = "www.example.com",
                                   .version_max = TLS1_2_VERSION,
                                   .ciphers12 = "ECDHE-RSA-AES128-GCM-SHA256"});
  ASSERT_TRUE(rsa12.run()) << rsa12.failure().detail;
  EXPECT_EQ(rsa12.served_key(), KeyType::rsa);

  MemoryHandshake rsa13(
      listener,
      {.sni = "www.example.com", .version_min = TLS1_3_VERSION, .signatures = "RSA-PSS+SHA256"});
  ASSERT_TRUE(rsa13.run()) << rsa13.failure().detail;
  EXPECT_EQ(rsa13.served_key(), KeyType::rsa);
}

TEST(Handshake, ChoosesTheCipherByItsOwnOrderAndLeavesChaChaToThosePreferringIt) {
  const auto listener = make_listener({{www()}});
  const auto chosen = [&listener](int version, const char* ciphers12) {
    MemoryHandshake handshake(listener, {.sni = "www.example.com",
                                         .version_min = version,
                                         .version_max = version,
                                         .ciphers12 = ciphers12});
    if (!handshake.run()) return handshake.failure().detail;
    return std::string(SSL_get_cipher(handshake.server()));
  };
  EXPECT_EQ(chosen(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"),
            "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(chosen(TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"),
            "ECDHE-ECDSA-CHACHA20-POLY1305");
  EXPECT_EQ(chosen(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"),
            "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(chosen(TLS1_3_VERSION, ""), "TLS_AES_128_GCM_SHA256");  // OpenSSL's client asks for 256
}

TEST(Handshake, UsesX25519WhereBothCan) {
  MemoryHandshake handshake(make_listener({{www()}}),
                            {.sni = "www.example.com", .groups = "X25519:P-256"});
  ASSERT_TRUE(handshake.run());
  EXPECT_EQ(SSL_get_shared_group(handshake.server(), 0), NID_X25519);
}

TEST(Handshake, ModernRefusesTls12) {
  const auto listener = make_listener({{www()}}, {.profile = TlsProfile::modern});
  MemoryHandshake old(listener, {.sni = "www.example.com", .version_max = TLS1_2_VERSION});
  EXPECT_FALSE(old.run());
  EXPECT_EQ(old.failure().reason, Reason::handshake_unsupported_version);
  EXPECT_EQ(old.failure().detail, "the client offers at most TLS 1.2");
  MemoryHandshake current(listener, {.sni = "www.example.com"});
  EXPECT_TRUE(current.run());
}

TEST(Handshake, NegotiatesHttp11AndRefusesOtherProtocols) {
  const auto listener = make_listener({{www()}});
  MemoryHandshake both(listener, {.sni = "www.example.com", .alpn = {"h2", "http/1.1"}});
  ASSERT_TRUE(both.run());
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(both.client(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");

  MemoryHandshake smtp(listener, {.sni = "www.example.com", .alpn = {"smtp"}});
  EXPECT_FALSE(smtp.run());
  EXPECT_EQ(smtp.failure().detail, "no application protocol in common");
}

TEST(Handshake, RenegotiationIsRefused) {
  MemoryHandshake handshake(make_listener({{www()}}),
                            {.sni = "www.example.com", .version_max = TLS1_2_VERSION});
  ASSERT_TRUE(handshake.run());
  EXPECT_EQ(SSL_renegotiate(handshake.client()), 1);
  SSL_do_handshake(handshake.client());
  char byte = 0;
  SSL_read(handshake.server(), &byte, 1);
  EXPECT_FALSE(handshake.exchange());
  EXPECT_NE(handshake.client_error().find("no renegotiation"), std::string::npos)
      << handshake.client_error();
}

TEST(Handshake, AUsualCertificateChangesNothingButTheCost) {
  const auto listener = make_listener({{www()}, {www_rsa()}, {wildcard()}});
  const auto context =
      TlsContext::with_usual_certificate(listener->context, *listener->certificates);
  EXPECT_NE(context, listener->context);
  EXPECT_EQ(context->policy_hash(), listener->context->policy_hash());
  EXPECT_EQ(context->resident().rsa, www_rsa());
  const auto faster =
      std::make_shared<const ListenerTls>(ListenerTls{context, listener->certificates, nullptr});
  MemoryHandshake usual(faster, {.sni = "www.example.com"});
  ASSERT_TRUE(usual.run());
  EXPECT_EQ(usual.served_name(), "www.example.com");
  MemoryHandshake another(faster, {.sni = "shop.example.com"});
  ASSERT_TRUE(another.run());
  EXPECT_EQ(another.served_name(), "*.example.com");
  // The RSA pair in place must not be shown for a name that has none.
  MemoryHandshake rsa(faster, {.sni = "shop.example.com",
                               .version_max = TLS1_2_VERSION,
                               .ciphers12 = "ECDHE-RSA-AES128-GCM-SHA256"});
  EXPECT_FALSE(rsa.run());
  EXPECT_EQ(rsa.failure().reason, Reason::handshake_no_shared_cipher);
}

TEST(Handshake, AChangedCertificateIsServedEvenWithTheOldOneInPlace) {
  const auto listener = make_listener({{www()}});
  const auto renewed = issue({"renewed.test", "www.example.com"});
  const auto swapped = std::make_shared<const ListenerTls>(ListenerTls{
      TlsContext::with_usual_certificate(listener->context, *listener->certificates),
      std::make_shared<const CertificateIndex>(std::vector<IndexedPair>{{renewed}}), nullptr});
  MemoryHandshake handshake(swapped, {.sni = "www.example.com"});
  ASSERT_TRUE(handshake.run());
  EXPECT_EQ(handshake.served_name(), "renewed.test");
}

TEST(Handshake, ASwapServesNewConnectionsAndLeavesOpenOnesAlone) {
  auto before = make_listener({{issue({"www.example.com"})}});
  const auto next = issue({"www.example.com", "second.example.com"});
  const auto after = std::make_shared<const ListenerTls>(ListenerTls{
      before->context, std::make_shared<const CertificateIndex>(std::vector<IndexedPair>{{next}}),
      nullptr});
  const std::weak_ptr<const CertificateIndex> old_index = before->certificates;
  {
    MemoryHandshake open(std::move(before), {.sni = "www.example.com"});
    open.step();  // the server has answered the ClientHello
    MemoryHandshake fresh(after, {.sni = "second.example.com"});
    EXPECT_TRUE(fresh.run());
    EXPECT_FALSE(old_index.expired());
    EXPECT_TRUE(open.run());
  }
  EXPECT_TRUE(old_index.expired());
}

}  // namespace
}  // namespace ravelin::gateway::test
