// Keys that answer late: the handshake pauses, the worker does not.
#include "gateway/tls/key_source.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/late_signer.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::LateSigner;
// ThreadSanitizer cannot follow fibers: there the signer is waited for.
#if defined(__SANITIZE_THREAD__)
constexpr bool kPauses = false;
#else
constexpr bool kPauses = true;
#endif

struct LateListener {
  std::shared_ptr<LateSigner> signer;
  std::shared_ptr<const ListenerTls> tls;
};

LateListener late_listener(certs::LeafKey key) {
  const auto pair = ravelin::test::issue({"late.test"}, key);
  LateListener listener;
  listener.signer = std::make_shared<LateSigner>(pair->key.get());
  const auto served = with_signer(pair, listener.signer);
  EXPECT_TRUE(served.has_value());
  EXPECT_EQ(key_timing(**served), KeyTiming::may_be_late);
  EXPECT_EQ(key_timing(*pair), KeyTiming::immediate);
  listener.tls = make_listener({{*served}}, {.key_timing = key_timing(**served)});
  return listener;
}

// Drives the handshake as a stream would; the key answers once it is waited for. Returns how often
// it was.
int run_waiting(MemoryHandshake& handshake, LateSigner& signer) {
  int waits = 0;
  while (handshake.step()) {
    if (!handshake.waits_for_key()) continue;
    ++waits;
    signer.allow_one();
    pollfd ready{async_wait_fd(handshake.server()), POLLIN, 0};
    EXPECT_GE(ready.fd, 0);
    EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
  }
  return waits;
}

class LateKey : public testing::TestWithParam<std::pair<certs::LeafKey, int>> {};

TEST_P(LateKey, HandshakeCompletesAfterTheAnswer) {
  const auto [key, version] = GetParam();
  const auto listener = late_listener(key);
  MemoryHandshake handshake(listener.tls,
                            {.sni = "late.test", .version_min = version, .version_max = version});
  EXPECT_EQ(run_waiting(handshake, *listener.signer), kPauses ? 1 : 0);
  EXPECT_FALSE(handshake.server_failed()) << handshake.failure().detail;
  EXPECT_EQ(handshake.client_error(), "");
  EXPECT_EQ(handshake.served_name(), "late.test");
  EXPECT_EQ(listener.signer->late_answers(), kPauses ? 1 : 0);
  EXPECT_TRUE(handshake.exchange());
}

INSTANTIATE_TEST_SUITE_P(Keys, LateKey,
                         testing::Values(std::pair(certs::LeafKey::p256, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::p256, TLS1_3_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_2_VERSION),
                                         std::pair(certs::LeafKey::rsa2048, TLS1_3_VERSION)));

TEST(LateKeys, ASourceGivesEachPairItsSigner) {
  const auto pair = ravelin::test::issue({"late.test"});
  const auto signer = std::make_shared<LateSigner>(pair->key.get());
  LateKeySource source(signer);
  certs::LoadedPair loaded{.pair = pair, .findings = {}, .stamps = {}};
  source.give_key(loaded, {}, {});
  ASSERT_NE(loaded.pair, nullptr);
  EXPECT_EQ(key_timing(*loaded.pair), KeyTiming::may_be_late);
  certs::LoadedPair refused;
  source.give_key(refused, {}, {});
  EXPECT_EQ(refused.pair, nullptr);
}

TEST(LateKeys, ARefusalFailsTheHandshake) {
  const auto listener = late_listener(certs::LeafKey::p256);
  listener.signer->refuse_all();
  MemoryHandshake handshake(listener.tls, {.sni = "late.test"});
  run_waiting(handshake, *listener.signer);
  EXPECT_TRUE(handshake.server_failed());
  EXPECT_EQ(handshake.failure().reason, Reason::handshake_key_unavailable);
}

TEST(LateKeys, GivingUpEndsTheFiber) {
  if (!kPauses) return;
  const auto listener = late_listener(certs::LeafKey::p256);
  MemoryHandshake handshake(listener.tls, {.sni = "late.test"});
  while (handshake.step() && !handshake.waits_for_key()) {
  }
  ASSERT_TRUE(handshake.waits_for_key());
  abandon_async(handshake.server());
  EXPECT_EQ(async_wait_fd(handshake.server()), -1);
}

TEST(LateKeys, ManyWaitAtOnceOnOneThread) {
  const auto listener = late_listener(certs::LeafKey::p256);
  std::vector<std::unique_ptr<MemoryHandshake>> handshakes;
  for (int i = 0; i < 20; ++i) {
    handshakes.push_back(
        std::make_unique<MemoryHandshake>(listener.tls, ClientOptions{.sni = "late.test"}));
    while (handshakes.back()->step() && !handshakes.back()->waits_for_key()) {
    }
  }
  for (const auto& handshake : handshakes) {
    run_waiting(*handshake, *listener.signer);
    EXPECT_TRUE(handshake->exchange());
  }
}

TEST(LateKeys, AReadyConnectionHasNoFiber) {
  const auto listener = late_listener(certs::LeafKey::p256);
  MemoryHandshake handshake(listener.tls, {.sni = "late.test"});
  run_waiting(handshake, *listener.signer);
  EXPECT_EQ(SSL_get_mode(handshake.server()) & SSL_MODE_ASYNC, 0);
}

}  // namespace
}  // namespace ravelin::gateway::test
