// Session resumption: ticket keys and what a session is bound to.
#include "base/check.h"
#include "gateway/tls/ticket_ring.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using base::MonoTime;
using std::chrono::hours;
using std::chrono::seconds;

TicketRing make_ring(int keep = 3) {
  auto ring = TicketRing::create({.rotate_every = hours(1), .keep = keep}, MonoTime{});
  CHECK(ring.has_value());
  return std::move(*ring);
}

TEST(TicketRing, RotatesOnlyWhenDue) {
  auto ring = make_ring();
  const auto first = ring.keys();
  EXPECT_FALSE(*ring.rotate(MonoTime{hours(1) - seconds(1)}));
  EXPECT_EQ(ring.keys(), first);
  EXPECT_TRUE(*ring.rotate(MonoTime{hours(1)}));
  ASSERT_EQ(ring.keys()->keys.size(), 2U);
  EXPECT_EQ(ring.keys()->keys[1].name, first->keys[0].name);
  EXPECT_NE(ring.keys()->keys[0].aes, first->keys[0].aes);
  EXPECT_EQ(ring.next_rotation(), MonoTime{hours(2)});
}

TEST(TicketRing, KeepsNoMoreThanItsSize) {
  auto ring = make_ring(2);
  for (int hour = 1; hour < 6; ++hour)
    EXPECT_TRUE(*ring.rotate(MonoTime{hours(hour)}));
  EXPECT_EQ(ring.keys()->keys.size(), 2U);
}

TEST(TicketRing, ReplaceAllForgetsEveryKey) {
  auto ring = make_ring();
  const auto old = ring.keys()->keys[0].name;
  ASSERT_TRUE(ring.replace_all(MonoTime{}).has_value());
  ASSERT_EQ(ring.keys()->keys.size(), 1U);
  EXPECT_NE(ring.keys()->keys[0].name, old);
}

TEST(TicketRing, LifetimeEndsBeforeTheKeyLeaves) {
  EXPECT_EQ(ticket_lifetime({.rotate_every = hours(12), .keep = 3}), hours(24));
  EXPECT_EQ(ticket_lifetime({.rotate_every = hours(24 * 30), .keep = 3}), hours(24 * 7));
}

class Resumption : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] std::shared_ptr<const ListenerTls> with_keys(
      std::shared_ptr<const TicketKeys> keys) const {
    return std::make_shared<const ListenerTls>(
        ListenerTls{base_->context, base_->certificates, std::move(keys)});
  }

  [[nodiscard]] ClientOptions client(SessionPtr session = nullptr) const {
    return {.sni = "www.example.com",
            .version_min = GetParam(),
            .version_max = GetParam(),
            .resume = std::move(session)};
  }

  // A session from a full handshake.
  [[nodiscard]] SessionPtr first_session(const std::shared_ptr<const ListenerTls>& tls) const {
    MemoryHandshake handshake(tls, client());
    EXPECT_TRUE(handshake.run());
    EXPECT_FALSE(handshake.was_resumed());
    handshake.exchange();
    return handshake.session();
  }

  std::shared_ptr<const ListenerTls> base_ =
      make_listener({{ravelin::test::issue({"www.example.com"})}});
  TicketRing ring_ = make_ring();
};

TEST_P(Resumption, WorksWithTheCurrentKey) {
  const auto tls = with_keys(ring_.keys());
  MemoryHandshake again(tls, client(first_session(tls)));
  EXPECT_TRUE(again.run());
  EXPECT_TRUE(again.was_resumed());
}

TEST_P(Resumption, WorksForManyTimesInARow) {
  const auto tls = with_keys(ring_.keys());
  SessionPtr session = first_session(tls);
  for (int i = 0; i < 4; ++i) {
    MemoryHandshake again(tls, client(session));
    ASSERT_TRUE(again.run());
    EXPECT_TRUE(again.was_resumed()) << i;
    again.exchange();
    // TLS 1.3 hands out a new ticket each time, TLS 1.2 only when the key is old.
    EXPECT_EQ(again.tickets_received(), GetParam() == TLS1_3_VERSION ? 1 : 0);
    session = again.session();
  }
}

// The first bytes of a ticket are the name of its key.
std::string key_name(const SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &size);
  return size < 16 ? "" : std::string(reinterpret_cast<const char*>(ticket), 16);
}

TEST_P(Resumption, AnOlderKeyResumesAndRenews) {
  const SessionPtr session = first_session(with_keys(ring_.keys()));
  ASSERT_TRUE(*ring_.rotate(MonoTime{hours(1)}));
  MemoryHandshake again(with_keys(ring_.keys()), client(session));
  EXPECT_TRUE(again.run());
  EXPECT_TRUE(again.was_resumed());
  again.exchange();
  const auto& newest = ring_.keys()->keys[0].name;
  EXPECT_EQ(key_name(SSL_get_session(again.client())), std::string(newest.begin(), newest.end()));
}

TEST_P(Resumption, AKeyThatLeftTheRingMeansAFullHandshake) {
  const SessionPtr session = first_session(with_keys(ring_.keys()));
  for (int hour = 1; hour <= 3; ++hour)
    ASSERT_TRUE(*ring_.rotate(MonoTime{hours(hour)}));
  MemoryHandshake again(with_keys(ring_.keys()), client(session));
  EXPECT_TRUE(again.run());
  EXPECT_FALSE(again.was_resumed());
}

TEST_P(Resumption, WithoutKeysThereIsNone) {
  MemoryHandshake again(base_, client(first_session(base_)));
  EXPECT_TRUE(again.run());
  EXPECT_FALSE(again.was_resumed());
}

TEST_P(Resumption, DoesNotCrossPolicies) {
  const SessionPtr session = first_session(with_keys(ring_.keys()));
  TlsPolicy modern;
  modern.profile = TlsProfile::modern;
  const auto other =
      make_listener({{ravelin::test::issue({"www.example.com"})}},
                    GetParam() == TLS1_3_VERSION
                        ? modern
                        : TlsPolicy{.client_auth = ClientAuthMode::request,
                                    .client_ca = {"ca", ravelin::test::ca().certificate_pem()}},
                    ring_.keys());
  MemoryHandshake again(other, client(session));
  EXPECT_TRUE(again.run()) << again.failure().detail;
  EXPECT_FALSE(again.was_resumed());
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& row) {
                           return row.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace ravelin::gateway::test
