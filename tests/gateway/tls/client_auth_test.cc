// Client certificates: who gets in, whom a CRL keeps out, and that resumption is no way around.
#include "gateway/tls/client_auth.h"

#include "base/check.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::issue;
using ravelin::test::issue_client;
using std::chrono::hours;
using testing::HasSubstr;

const certs::PairPtr& served_www() {
  static const auto pair = issue({"www.example.com"});
  return pair;
}

const certs::PairPtr& alice() {
  static const auto pair = issue_client("alice");
  return pair;
}

const certs::PairPtr& mallory() {
  static const auto pair = [] {
    certs::LeafRequest request;
    request.use = certs::LeafUse::client;
    request.common_name = "mallory";
    auto made = ravelin::test::stranger_ca().issue(request);
    CHECK(made.has_value());
    return *made;
  }();
  return pair;
}

std::string crl_pem(std::vector<certs::PairPtr> revoked, std::chrono::seconds validity = hours(1)) {
  const auto crl = ravelin::test::ca().make_crl(revoked, validity);
  CHECK(crl.has_value());
  return certs::to_pem(crl->get());
}

TlsPolicy policy(ClientAuthMode mode, std::string crl = "") {
  TlsPolicy made;
  made.client_auth = mode;
  made.client_ca = {"clients.pem", ravelin::test::ca().certificate_pem()};
  if (!crl.empty()) made.client_crls.push_back({"clients.crl", std::move(crl)});
  return made;
}

enum class Shows { nothing, alice, mallory, server_certificate };

struct AuthCase {
  const char* title;
  ClientAuthMode mode;
  Shows shows;
  const char* refused;  // "" = accepted; else part of the detail
};

void PrintTo(const AuthCase& row, std::ostream* out) {
  *out << row.title;
}

certs::PairPtr shown(Shows shows) {
  switch (shows) {
    case Shows::nothing:
      return nullptr;
    case Shows::alice:
      return alice();
    case Shows::mallory:
      return mallory();
    case Shows::server_certificate:
      return served_www();
  }
  return nullptr;
}

class ClientAuth : public testing::TestWithParam<std::tuple<AuthCase, int>> {};

TEST_P(ClientAuth, LetsInWhomThePolicyAllows) {
  const auto& [row, version] = GetParam();
  MemoryHandshake handshake(make_listener({{served_www()}}, policy(row.mode)),
                            {.sni = "www.example.com",
                             .version_min = version,
                             .version_max = version,
                             .certificate = shown(row.shows)});
  EXPECT_EQ(handshake.run(), *row.refused == '\0') << handshake.failure().detail;
  if (*row.refused == '\0') return;
  EXPECT_EQ(handshake.failure().reason, Reason::handshake_client_certificate);
  EXPECT_THAT(handshake.failure().detail, HasSubstr(row.refused));
}

constexpr AuthCase kAuthCases[] = {
    {"NoneIgnoresCertificates", ClientAuthMode::none, Shows::mallory, ""},
    {"RequestAcceptsNoCertificate", ClientAuthMode::request, Shows::nothing, ""},
    {"RequestAcceptsAGoodOne", ClientAuthMode::request, Shows::alice, ""},
    {"RequestRefusesABadOne", ClientAuthMode::request, Shows::mallory,
     "client certificate: unable to get local issuer certificate"},
    {"RequireAcceptsAGoodOne", ClientAuthMode::require, Shows::alice, ""},
    {"RequireRefusesNoCertificate", ClientAuthMode::require, Shows::nothing,
     "the client sent no certificate"},
    {"RequireRefusesAStranger", ClientAuthMode::require, Shows::mallory,
     "client certificate: unable to get local issuer certificate"},
    {"RequireRefusesAServerCertificate", ClientAuthMode::require, Shows::server_certificate,
     "client certificate: unsuitable certificate purpose"},
};

INSTANTIATE_TEST_SUITE_P(Cases, ClientAuth,
                         testing::Combine(testing::ValuesIn(kAuthCases),
                                          testing::Values(TLS1_2_VERSION, TLS1_3_VERSION)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).title) +
                                  (std::get<1>(row.param) == TLS1_2_VERSION ? "12" : "13");
                         });

TEST(ClientCrl, KeepsTheRevokedOut) {
  const auto bob = issue_client("bob");
  const auto tls = make_listener({{served_www()}}, policy(ClientAuthMode::require, crl_pem({bob})));
  MemoryHandshake revoked(tls, {.sni = "www.example.com", .certificate = bob});
  EXPECT_FALSE(revoked.run());
  EXPECT_EQ(revoked.failure().detail, "client certificate: certificate revoked");
  MemoryHandshake good(tls, {.sni = "www.example.com", .certificate = alice()});
  EXPECT_TRUE(good.run()) << good.failure().detail;
}

certs::HeldCrlPtr held_crl(const std::vector<certs::PairPtr>& revoked,
                           std::chrono::seconds validity = hours(1)) {
  auto crls = certs::parse_crls(crl_pem(revoked, validity), "fetched");
  auto cas = certs::parse_authorities(ravelin::test::ca().certificate_pem(), "clients.pem");
  CHECK(crls.has_value() && cas.has_value());
  return certs::hold_crl(std::move(crls->front()), cas->front(), "http://ca.test/crl");
}

// Lists that are fetched, of which these are there.
TlsPolicy fetching(ExpiredCrl expired, std::vector<certs::HeldCrlPtr> there) {
  TlsPolicy made = policy(ClientAuthMode::require);
  made.client_crl_urls.emplace_back("http://ca.test/crl");
  made.crl_expired = expired;
  made.fetched_crls = std::move(there);
  return made;
}

struct FetchedCase {
  const char* title;
  ExpiredCrl expired;
  std::vector<certs::HeldCrlPtr> lists;
  const certs::PairPtr& client;
  const char* refused;  // "" = accepted
};

TEST(FetchedCrl, DecidesWithWhatIsThere) {
  using enum ExpiredCrl;
  const auto bob = issue_client("bob");
  const auto good = held_crl({bob});
  const auto over = held_crl({bob}, std::chrono::seconds(-60));
  const FetchedCase rows[] = {
      {"GoodLetsIn", refuse, {good}, alice(), ""},
      {"GoodKeepsOut", refuse, {good}, bob, "certificate revoked"},
      {"GoodKeepsOutAlsoWhenLenient", accept, {good}, bob, "certificate revoked"},
      {"MissingKeepsOut", refuse, {}, alice(), "unable to get certificate crl"},
      {"MissingLetsInWhenLenient", accept, {}, alice(), ""},
      {"ExpiredKeepsOut", refuse, {over}, alice(), "crl has expired"},
      {"ExpiredLetsInWhenLenient", accept, {over}, alice(), ""},
      {"ExpiredStillKnowsTheRevoked", accept, {over}, bob, "certificate revoked"},
      {"StrangersStayOutWhenLenient", accept, {}, mallory(), "unable to get local issuer"},
  };
  for (const FetchedCase& row : rows) {
    MemoryHandshake handshake(make_listener({{served_www()}}, fetching(row.expired, row.lists)),
                              {.sni = "www.example.com", .certificate = row.client});
    const bool is_let_in = *row.refused == '\0';
    EXPECT_EQ(handshake.run(), is_let_in) << row.title << ": " << handshake.failure().detail;
    EXPECT_EQ(has_verified_certificate(handshake.server()), is_let_in) << row.title;
    EXPECT_THAT(handshake.failure().detail, HasSubstr(row.refused)) << row.title;
  }
}

TEST(FetchedCrl, AnExpiredFileIsTakenWhenLenient) {
  const auto bob = issue_client("bob");
  TlsPolicy made = policy(ClientAuthMode::require, crl_pem({bob}, std::chrono::seconds(-60)));
  EXPECT_FALSE(TlsContext::create(made, base::wall_now()).has_value());
  made.crl_expired = ExpiredCrl::accept;
  MemoryHandshake good(make_listener({{served_www()}}, made),
                       {.sni = "www.example.com", .certificate = alice()});
  EXPECT_TRUE(good.run()) << good.failure().detail;
  MemoryHandshake revoked(make_listener({{served_www()}}, made),
                          {.sni = "www.example.com", .certificate = bob});
  EXPECT_FALSE(revoked.run());
}

TEST(FetchedCrl, SaysWhoseListsAreThere) {
  const auto context = TlsContext::create(fetching(ExpiredCrl::refuse, {}), base::wall_now());
  ASSERT_TRUE(context.has_value()) << context.error().message;
  EXPECT_TRUE((*context)->client_trust().checks_revocation);
  ASSERT_EQ((*context)->client_trust().without_list().size(), 1U);
  const auto list = held_crl({});
  const auto with = TlsContext::with_crls(*context, {list});
  EXPECT_TRUE(with->client_trust().without_list().empty());
  EXPECT_EQ(with->client_trust().crls, std::vector{list});
  EXPECT_EQ(with->policy().fetched_crls, std::vector{list});
  // Whatever was fetched: it is the same policy.
  EXPECT_EQ(with->policy_hash(), (*context)->policy_hash());
  const auto lenient = TlsContext::create(fetching(ExpiredCrl::accept, {}), base::wall_now());
  EXPECT_NE((*lenient)->policy_hash(), (*context)->policy_hash());
}

struct CrlCase {
  const char* title;
  std::string crl;
  const char* error;
};

void PrintTo(const CrlCase& row, std::ostream* out) {
  *out << row.title;
}

class BadCrl : public testing::TestWithParam<CrlCase> {};

TEST_P(BadCrl, IsRefusedAtLoadingWithTheReason) {
  auto made = policy(ClientAuthMode::require, GetParam().crl);
  made.client_ca.text += certs::to_pem(made.client_ca.path == "clients.pem" &&
                                               std::string_view(GetParam().title) == "OneMissing"
                                           ? ravelin::test::stranger_ca().certificate()
                                           : ravelin::test::ca().certificate());
  const auto context = TlsContext::create(made, base::wall_now());
  ASSERT_FALSE(context.has_value());
  EXPECT_THAT(context.error().message, HasSubstr(GetParam().error));
}

std::vector<CrlCase> crl_cases() {
  const auto foreign = ravelin::test::stranger_ca().make_crl({}, hours(1));
  return {
      {"Expired", crl_pem({}, std::chrono::seconds(-60)), "clients.crl: a CRL expired on"},
      {"NotACrl", "hello", "clients.crl: has no CRL"},
      {"OfAnotherCa", certs::to_pem(foreign->get()),
       "clients.crl: a CRL is signed by none of the CAs in clients.pem"},
      {"OneMissing", crl_pem({}), "has no CRL of \"CN=stranger ca\" (clients.pem)"},
  };
}

INSTANTIATE_TEST_SUITE_P(Crls, BadCrl, testing::ValuesIn(crl_cases()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(ClientCa, MustBeACa) {
  auto made = policy(ClientAuthMode::require);
  made.client_ca.text = certs::to_pem(alice()->chain);
  const auto context = TlsContext::create(made, base::wall_now());
  ASSERT_FALSE(context.has_value());
  EXPECT_THAT(context.error().message,
              HasSubstr("clients.pem: \"CN=alice\" is not a CA certificate"));
}

class MutualResumption : public testing::TestWithParam<int> {
 protected:
  static SessionPtr session_of(const std::shared_ptr<const ListenerTls>& tls,
                               const certs::PairPtr& certificate, int version) {
    MemoryHandshake handshake(tls, {.sni = "www.example.com",
                                    .version_min = version,
                                    .version_max = version,
                                    .certificate = certificate});
    EXPECT_TRUE(handshake.run()) << handshake.failure().detail;
    handshake.exchange();
    return handshake.session();
  }
};

TEST_P(MutualResumption, KeepsTheClientsIdentity) {
  const auto tls = make_listener({{served_www()}}, policy(ClientAuthMode::require));
  MemoryHandshake again(tls, {.sni = "www.example.com",
                              .version_min = GetParam(),
                              .version_max = GetParam(),
                              .resume = session_of(tls, alice(), GetParam())});
  ASSERT_TRUE(again.run()) << again.failure().detail;
  EXPECT_TRUE(again.was_resumed());
  const certs::X509Ptr client(SSL_get1_peer_certificate(again.server()));
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(certs::describe(client.get()).subject, "CN=alice");
}

TEST_P(MutualResumption, ASessionWithoutACertificateDoesNotPassARequirement) {
  // Same ticket keys on both listeners: only the session id context stands between them.
  const auto ring = TicketRing::create({}, base::MonoTime{});
  const auto open = make_listener({{served_www()}}, {}, ring->keys());
  const auto closed =
      make_listener({{served_www()}}, policy(ClientAuthMode::require), ring->keys());
  MemoryHandshake attack(closed, {.sni = "www.example.com",
                                  .version_min = GetParam(),
                                  .version_max = GetParam(),
                                  .resume = session_of(open, nullptr, GetParam())});
  EXPECT_FALSE(attack.run());
  EXPECT_EQ(attack.failure().detail, "the client sent no certificate");
}

TEST_P(MutualResumption, ANewCrlEndsOldSessions) {
  const auto bob = issue_client("bob");
  const auto before = make_listener({{served_www()}}, policy(ClientAuthMode::require, crl_pem({})));
  const auto session = session_of(before, bob, GetParam());
  const auto after =
      make_listener({{served_www()}}, policy(ClientAuthMode::require, crl_pem({bob})));
  MemoryHandshake again(after, {.sni = "www.example.com",
                                .version_min = GetParam(),
                                .version_max = GetParam(),
                                .certificate = bob,
                                .resume = session});
  EXPECT_FALSE(again.run());
  EXPECT_EQ(again.failure().detail, "client certificate: certificate revoked");
}

TEST_P(MutualResumption, EndsWhenSessionsAreForgotten) {
  const auto tls = make_listener({{served_www()}}, fetching(ExpiredCrl::refuse, {held_crl({})}));
  const auto resumes = [&](const SessionPtr& session) {
    MemoryHandshake again(tls, {.sni = "www.example.com",
                                .version_min = GetParam(),
                                .version_max = GetParam(),
                                .certificate = alice(),
                                .resume = session});
    EXPECT_TRUE(again.run()) << again.failure().detail;
    return again.was_resumed();
  };
  EXPECT_TRUE(resumes(session_of(tls, alice(), GetParam())));
  const auto session = session_of(tls, alice(), GetParam());
  tls->context->forget_sessions();
  EXPECT_FALSE(resumes(session));
}

INSTANTIATE_TEST_SUITE_P(Versions, MutualResumption,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& row) {
                           return row.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace ravelin::gateway::test
