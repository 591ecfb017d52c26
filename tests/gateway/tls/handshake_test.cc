// Names, key types, versions, ALPN: whole handshakes over memory.
#include "base/check.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

#include <set>

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

// A store of one certificate, exactly for these names.
class OneInStore final : public certs::CertificateView {
 public:
  OneInStore(std::set<std::string, std::less<>> names, certs::PairPtr pair)
      : names_(std::move(names)), pair_(std::move(pair)) {}

  [[nodiscard]] certs::PairSet find(std::string_view name) const override {
    return names_.contains(name) ? certs::PairSet{.ec = pair_} : certs::PairSet{};
  }

 private:
  std::set<std::string, std::less<>> names_;
  certs::PairPtr pair_;
};

std::shared_ptr<const ListenerTls> make_listener_with(
    std::vector<IndexedPair> files, const std::shared_ptr<const certs::CertificateView>& store) {
  auto context = TlsContext::create({}, base::wall_now());
  CHECK(context.has_value());
  return std::make_shared<const ListenerTls>(ListenerTls{
      *context, std::make_shared<const CertificateIndex>(std::move(files), store), nullptr});
}

base::IpAddress address_of(const char* text) {
  const auto address = base::parse_ip(text);
  CHECK(address.has_value());
  return *address;
}

const certs::PairPtr& addresses() {
  static const auto pair = issue({"192.0.2.1", "2001:db8::1"});
  return pair;
}

struct AddressCase {
  const char* title;
  const char* goes_to;  // nullptr: the connection has no address
  const char* sni;
  bool has_default;
  const char* served;  // "address": what is for the addresses; nullptr: refused
};

void PrintTo(const AddressCase& row, std::ostream* out) {
  *out << row.title;
}

class Address : public testing::TestWithParam<AddressCase> {};

constexpr AddressCase kAddresses[] = {
    {"Ipv4", "192.0.2.1", "", false, "address"},
    {"Ipv6", "2001:db8::1", "", false, "address"},
    {"GoesBeforeTheDefault", "192.0.2.1", "", true, "address"},
    {"NameGoesBeforeTheAddress", "192.0.2.1", "www.example.com", true, "www.example.com"},
    {"UnknownNameIsNotLookedUpByItsAddress", "192.0.2.1", "nobody.test", false, nullptr},
    {"AnotherAddressGetsTheDefault", "192.0.2.2", "", true, "fallback.test"},
    {"AnotherAddressIsRefused", "192.0.2.2", "", false, nullptr},
    {"NoAddressIsRefused", nullptr, "", false, nullptr},
};

void expect_served(const std::shared_ptr<const ListenerTls>& listener, const AddressCase& row) {
  ClientOptions options{.sni = row.sni};
  if (row.goes_to != nullptr) options.goes_to = address_of(row.goes_to);
  MemoryHandshake handshake(listener, options);
  if (row.served == nullptr) {
    EXPECT_FALSE(handshake.run());
    EXPECT_EQ(handshake.failure().reason, Reason::handshake_unknown_name);
    return;
  }
  ASSERT_TRUE(handshake.run()) << handshake.failure().detail << handshake.client_error();
  if (row.served == std::string_view("address"))
    EXPECT_EQ(handshake.info().pairs.ec, addresses());
  else
    EXPECT_EQ(handshake.served_name(), row.served);
}

TEST_P(Address, StandsForANameThatIsNotSent) {
  std::vector<IndexedPair> files{{www()}, {addresses()}};
  if (GetParam().has_default) files.push_back({other(), true});
  expect_served(make_listener(files), GetParam());
}

TEST_P(Address, IsLookedUpInTheStore) {
  std::vector<IndexedPair> files{{www()}};
  if (GetParam().has_default) files.push_back({other(), true});
  const std::set<std::string, std::less<>> names{"192.0.2.1", "2001:db8::1"};
  expect_served(make_listener_with(files, std::make_shared<const OneInStore>(names, addresses())),
                GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, Address, testing::ValuesIn(kAddresses),
                         [](const auto& row) { return std::string(row.param.title); });

// One certificate of the store for an exact name and another for a wildcard.
class NamesInStore final : public certs::CertificateView {
 public:
  [[nodiscard]] certs::PairSet find(std::string_view name) const override {
    if (name == "api.example.com") return {.ec = exact_};
    return name.ends_with(".example.com") ? certs::PairSet{.ec = wildcard_} : certs::PairSet{};
  }

 private:
  certs::PairPtr exact_ = issue({"api.example.com"});
  certs::PairPtr wildcard_ = issue({"*.example.com", "stored.test"});
};

TEST(Handshake, AnExactNameOfTheStoreGoesBeforeAWildcardOfAFile) {
  const auto listener =
      make_listener_with({{www()}, {wildcard()}}, std::make_shared<const NamesInStore>());
  const auto shown = [&listener](const char* sni) {
    MemoryHandshake handshake(listener, {.sni = sni});
    EXPECT_TRUE(handshake.run()) << handshake.failure().detail;
    return handshake.info().pairs.ec;
  };
  EXPECT_EQ(shown("api.example.com")->chain.info.dns_names.front(), "api.example.com");
  EXPECT_EQ(shown("shop.example.com"), wildcard());
  EXPECT_EQ(shown("www.example.com"), www());
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
