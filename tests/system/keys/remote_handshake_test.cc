// Handshakes whose keys are in another process: the real desk and its threads at the other end of a
// real connection, which is cut and made again in the middle.
#include "gateway/tls/late_key.h"
#include "gateway/tls/remote/key_id.h"
#include "tests/certs/token/fake_token.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/system/keys/key_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace ravelin::system::test {
namespace {

using gateway::ClientAuthMode;
using gateway::KeyTiming;
using gateway::RemoteKeys;
using gateway::test::ClientOptions;
using gateway::test::MemoryHandshake;
using ::testing::HasSubstr;

// ThreadSanitizer cannot follow fibers: there the signature is waited for.
#if defined(__SANITIZE_THREAD__)
constexpr bool kPauses = false;
#else
constexpr bool kPauses = true;
#endif

// As the gateway loads it: the chain here, the key there.
certs::LoadedPair load(const KeyFile& file, const std::shared_ptr<RemoteKeys>& keys) {
  gateway::RemoteKeySource source(keys);
  return gateway::load_pair_with_key(file.files, {.use = file.use}, base::wall_now(), source);
}

void wait_for_key(MemoryHandshake& handshake) {
  pollfd ready{gateway::async_wait_fd(handshake.server()), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 30'000), 1);
}

// How often it waited.
int run(MemoryHandshake& handshake) {
  int waits = 0;
  while (handshake.step()) {
    if (!handshake.waits_for_key()) continue;
    ++waits;
    wait_for_key(handshake);
  }
  return waits;
}

struct Case {
  const char* name;
  certs::LeafKey key;
  int version;
  const char* signatures;
};

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.name;
}

class RemoteHandshake : public testing::TestWithParam<Case> {};

TEST_P(RemoteHandshake, IsSignedElsewhere) {
  const Case& row = GetParam();
  const auto pair = ravelin::test::issue({"www.test"}, row.key);
  KeyLab lab;
  const KeyFile file = lab.add("www", pair);
  KeyProcess process(lab.list);
  const auto keys = std::make_shared<RemoteKeys>();
  process.start(*keys);
  const auto loaded = load(file, keys);
  ASSERT_NE(loaded.pair, nullptr) << certs::to_string(loaded.findings);
  EXPECT_EQ(gateway::key_timing(*loaded.pair), KeyTiming::may_be_late);
  const auto tls =
      gateway::test::make_listener({{loaded.pair}}, {.key_timing = KeyTiming::may_be_late});
  for (int i = 0; i < 3; ++i) {
    MemoryHandshake handshake(tls, {.sni = "www.test",
                                    .version_min = row.version,
                                    .version_max = row.version,
                                    .signatures = row.signatures});
    run(handshake);
    EXPECT_FALSE(handshake.server_failed()) << handshake.failure().detail;
    EXPECT_EQ(handshake.client_error(), "");
    EXPECT_TRUE(handshake.exchange());
  }
  EXPECT_EQ(process.desk().counts().signatures, 3U);
  EXPECT_EQ(process.desk().counts().refused, 0U);
  EXPECT_EQ(keys->counts().outstanding, 0U);
}

INSTANTIATE_TEST_SUITE_P(Keys, RemoteHandshake,
                         testing::Values(Case{"Ec12", certs::LeafKey::p256, TLS1_2_VERSION, ""},
                                         Case{"Ec13", certs::LeafKey::p256, TLS1_3_VERSION, ""},
                                         Case{"RsaPkcs1In12", certs::LeafKey::rsa2048,
                                              TLS1_2_VERSION, "rsa_pkcs1_sha256"},
                                         Case{"RsaPkcs1Sha512In12", certs::LeafKey::rsa2048,
                                              TLS1_2_VERSION, "rsa_pkcs1_sha512:rsa_pkcs1_sha256"},
                                         Case{"RsaPssIn12", certs::LeafKey::rsa2048, TLS1_2_VERSION,
                                              "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"},
                                         Case{"RsaPss13", certs::LeafKey::rsa2048, TLS1_3_VERSION,
                                              "rsa_pss_rsae_sha384:rsa_pkcs1_sha256"}),
                         [](const auto& row) { return row.param.name; });

struct RemoteKey : testing::Test {
  std::shared_ptr<const gateway::ListenerTls> listener() {
    const auto loaded = load(file, keys);
    EXPECT_NE(loaded.pair, nullptr) << certs::to_string(loaded.findings);
    return gateway::test::make_listener({{loaded.pair}}, {.key_timing = KeyTiming::may_be_late});
  }

  KeyLab lab;
  KeyFile file = lab.add("www", ravelin::test::issue({"www.test"}));
  KeyProcess process{lab.list};
  std::shared_ptr<RemoteKeys> keys = std::make_shared<RemoteKeys>();
};

TEST_F(RemoteKey, HandshakesWaitWhileTheKeyProcessStartsAnew) {
  process.start(*keys);
  const auto tls = listener();
  process.kill();
  if (!kPauses) return;
  std::vector<std::unique_ptr<MemoryHandshake>> handshakes;
  for (int i = 0; i < 20; ++i) {
    handshakes.push_back(std::make_unique<MemoryHandshake>(tls, ClientOptions{.sni = "www.test"}));
    while (handshakes.back()->step() && !handshakes.back()->waits_for_key()) {
    }
    ASSERT_TRUE(handshakes.back()->waits_for_key());
  }
  EXPECT_EQ(keys->counts().outstanding, 20U);
  // The first connection is cut before anything is answered; the second one answers.
  auto broken = messages::SeqSocket::make_pair();
  std::vector<base::OwnedFd> ends;
  ends.emplace_back(::dup(broken->first.fd()));
  keys->attach(std::move(ends));
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(*broken->second.receive(std::chrono::seconds(30)));
  broken = messages::SeqSocket::make_pair();
  process.start(*keys);
  for (const auto& handshake : handshakes) {
    wait_for_key(*handshake);
    run(*handshake);
    EXPECT_FALSE(handshake->server_failed()) << handshake->failure().detail;
    EXPECT_TRUE(handshake->exchange());
  }
  EXPECT_GE(keys->counts().resent, 20U);
  EXPECT_EQ(keys->counts().outstanding, 0U);
  EXPECT_EQ(process.desk().counts().signatures, 20U);
}

TEST_F(RemoteKey, AHandshakeThatGaveUpIsNotSignedLater) {
  process.start(*keys);
  const auto tls = listener();
  process.kill();
  if (!kPauses) return;
  {
    MemoryHandshake handshake(tls, {.sni = "www.test"});
    while (handshake.step() && !handshake.waits_for_key()) {
    }
    gateway::abandon_async(handshake.server());
  }
  process.start(*keys);
  MemoryHandshake next(tls, {.sni = "www.test"});
  run(next);
  EXPECT_TRUE(next.exchange());
  EXPECT_EQ(process.desk().counts().signatures, 1U);
}

TEST_F(RemoteKey, ARefusalEndsTheHandshake) {
  process.start(*keys);
  const auto tls = listener();
  KeyList empty = lab.list;
  empty.files.clear();
  process.desk().use(empty);
  MemoryHandshake handshake(tls, {.sni = "www.test"});
  run(handshake);
  EXPECT_TRUE(handshake.server_failed());
  EXPECT_EQ(handshake.failure().reason, gateway::Reason::handshake_key_unavailable);
  EXPECT_EQ(keys->counts().refused, 1U);
}

TEST_F(RemoteKey, NoMoreThanSoManyAreOutstanding) {
  if (!kPauses) return;
  keys = std::make_shared<RemoteKeys>(RemoteKeys::Options{.outstanding_max = 1});
  process.start(*keys);
  const auto tls = listener();
  process.kill();
  MemoryHandshake first(tls, {.sni = "www.test"});
  while (first.step() && !first.waits_for_key()) {
  }
  MemoryHandshake second(tls, {.sni = "www.test"});
  run(second);
  EXPECT_EQ(second.failure().reason, gateway::Reason::handshake_key_unavailable);
  EXPECT_EQ(keys->counts().overflow, 1U);
  gateway::abandon_async(first.server());
  // The one that gave up makes room.
  MemoryHandshake third(tls, {.sni = "www.test"});
  while (third.step() && !third.waits_for_key()) {
  }
  EXPECT_TRUE(third.waits_for_key());
  gateway::abandon_async(third.server());
}

TEST_F(RemoteKey, AMissingKeyIsSaidWhenTheCertificateIsLoaded) {
  process.start(*keys);
  lab.dir().replace("www.key", certs::key_to_pem(ravelin::test::issue({"a.test"})->key.get()));
  const auto mismatch = load(file, keys);
  EXPECT_EQ(mismatch.pair, nullptr);
  EXPECT_THAT(certs::to_string(mismatch.findings), HasSubstr("E_KEY_MISMATCH: " + file.files.key));
  std::filesystem::remove(file.files.key);
  EXPECT_THAT(certs::to_string(load(file, keys).findings),
              HasSubstr("E_FILE_UNREADABLE: " + file.files.key));
}

TEST_F(RemoteKey, WithoutAnAnswerACertificateIsNotLoaded) {
  keys =
      std::make_shared<RemoteKeys>(RemoteKeys::Options{.patience = std::chrono::milliseconds(1)});
  const auto loaded = load(file, keys);
  EXPECT_EQ(loaded.pair, nullptr);
  EXPECT_THAT(certs::to_string(loaded.findings), HasSubstr("E_KEY_PROCESS"));
}

TEST_F(RemoteKey, OnlyTheChainIsReadHere) {
  process.start(*keys);
  ASSERT_NE(load(file, keys).pair, nullptr);
  // A folder with an open key in it would be a finding of whoever reads it.
  certs::LoadRules rules{.key_reading = certs::KeyReading::elsewhere};
  std::filesystem::remove(file.files.key);
  const auto loaded = certs::load_pair(file.files, rules, base::wall_now());
  ASSERT_NE(loaded.pair, nullptr);
  EXPECT_EQ(loaded.pair->key, nullptr);
  EXPECT_EQ(loaded.stamps.key, certs::FileStamp());
}

// The gateway as a client of its servers.
class ClientKey : public testing::TestWithParam<std::pair<certs::LeafKey, int>> {};

TEST_P(ClientKey, ProvesWhoTheGatewayIs) {
  const auto [type, version] = GetParam();
  certs::LeafRequest request{.key = type, .use = certs::LeafUse::client, .common_name = "gateway"};
  const auto pair = ravelin::test::issue(request);
  KeyLab lab;
  const KeyFile file = lab.add("gateway", pair, certs::PairUse::client);
  KeyProcess process(lab.list);
  const auto keys = std::make_shared<RemoteKeys>();
  process.start(*keys);
  const auto loaded = load(file, keys);
  ASSERT_NE(loaded.pair, nullptr) << certs::to_string(loaded.findings);
  gateway::TlsPolicy policy{.client_auth = ClientAuthMode::require};
  policy.client_ca = {"clients.pem", ravelin::test::ca().certificate_pem()};
  const auto server = gateway::test::make_listener({{ravelin::test::issue({"www.test"})}}, policy);
  MemoryHandshake handshake(server, {.sni = "www.test",
                                     .version_min = version,
                                     .version_max = version,
                                     .certificate = loaded.pair});
  EXPECT_TRUE(handshake.run()) << handshake.failure().detail << handshake.client_error();
  EXPECT_TRUE(handshake.exchange());
  EXPECT_EQ(process.desk().counts().signatures, 1U);
}

INSTANTIATE_TEST_SUITE_P(Keys, ClientKey,
                         testing::Values(std::pair(certs::LeafKey::p256, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::p256, TLS1_3_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_3_VERSION)));

class TokenKey : public testing::TestWithParam<std::pair<certs::LeafKey, int>> {};

TEST_P(TokenKey, StaysInItsToken) {
  const auto [type, version] = GetParam();
  const auto pair = ravelin::test::issue({"www.test"}, type);
  KeyLab lab;
  ravelin::test::write_pair(lab.dir(), "www", pair);
  lab.dir().write("pin", certs::test::FakeToken::kPin);
  KeyFile file{
      .files = {lab.dir().path("www.crt"), "pkcs11:token=web;object=www", lab.dir().path("pin")}};
  certs::test::FakeToken token;
  token.add_key("www", "01", pair->key.get());
  KeyDesk::Options options;
  options.rack.modules.push_back(certs::test::FakeToken::module());
  file.id = gateway::key_id(file.files, file.use);
  lab.list.files.push_back(file);
  KeyProcess process(lab.list, std::move(options));
  const auto keys = std::make_shared<RemoteKeys>();
  process.start(*keys);
  const auto loaded = load(file, keys);
  ASSERT_NE(loaded.pair, nullptr) << certs::to_string(loaded.findings);
  const int proofs = token.signatures();
  const auto tls =
      gateway::test::make_listener({{loaded.pair}}, {.key_timing = KeyTiming::may_be_late});
  MemoryHandshake handshake(tls,
                            {.sni = "www.test", .version_min = version, .version_max = version});
  run(handshake);
  EXPECT_FALSE(handshake.server_failed()) << handshake.failure().detail;
  EXPECT_TRUE(handshake.exchange());
  EXPECT_GT(token.signatures(), proofs);
  EXPECT_EQ(process.desk().counts().signatures, 1U);
  process.kill();
}

INSTANTIATE_TEST_SUITE_P(Keys, TokenKey,
                         testing::Values(std::pair(certs::LeafKey::p256, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::p256, TLS1_3_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_3_VERSION)));

}  // namespace
}  // namespace ravelin::system::test
