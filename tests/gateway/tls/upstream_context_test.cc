// Our client side against our server side: whom a server has to be, and resumption.
#include "gateway/tls/upstream_context.h"

#include "base/check.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::issue;
using testing::HasSubstr;

std::shared_ptr<const UpstreamContext> context_for(const std::string& name) {
  auto made = UpstreamContext::create(
      {.ca = {"ca.pem", ravelin::test::ca().certificate_pem()}, .name = name});
  CHECK(made.has_value());
  return *made;
}

std::shared_ptr<const ListenerTls> server_for(const certs::PairPtr& pair) {
  static const auto ring = TicketRing::create({}, base::MonoTime{});
  return make_listener({{pair, true}}, {}, ring->keys());
}

struct Connected {
  bool ok = false;
  bool resumed = false;
  std::string why;
  std::string seen_sni;
};

Connected connect(UpstreamSessions& sessions, const std::shared_ptr<const ListenerTls>& tls) {
  HandshakeInfo info;
  info.tls = tls;
  const SslPtr server = new_server_ssl(info);
  const SslPtr client = sessions.new_ssl();
  BIO* a = nullptr;
  BIO* b = nullptr;
  CHECK(BIO_new_bio_pair(&a, 0, &b, 0) == 1);
  SSL_set_bio(client.get(), a, a);
  SSL_set_bio(server.get(), b, b);
  Connected result;
  for (int turn = 0; turn < 20 && !result.ok; ++turn) {
    ERR_clear_error();
    const int done = SSL_do_handshake(client.get());
    if (done != 1 && SSL_get_error(client.get(), done) != SSL_ERROR_WANT_READ) {
      result.why = explain_upstream_failure(client.get(), 0);
      return result;
    }
    ERR_clear_error();
    result.ok = SSL_do_handshake(server.get()) == 1 && done == 1;
  }
  char byte = 'x';
  SSL_write(server.get(), &byte, 1);
  SSL_read(client.get(), &byte, 1);
  result.resumed = SSL_session_reused(client.get()) == 1;
  result.seen_sni = info.sni;
  say_goodbye(client.get());
  return result;
}

TEST(Upstream, ConnectsSendsTheNameAndResumes) {
  UpstreamSessions sessions(context_for("app.internal"));
  const auto server = server_for(issue({"app.internal"}));
  const auto first = connect(sessions, server);
  EXPECT_TRUE(first.ok) << first.why;
  EXPECT_FALSE(first.resumed);
  EXPECT_EQ(first.seen_sni, "app.internal");
  EXPECT_TRUE(sessions.has_session());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(connect(sessions, server).resumed);
}

TEST(Upstream, ChecksAnAddressAndSendsNoName) {
  UpstreamSessions sessions(context_for("192.0.2.1"));
  const auto good = connect(sessions, server_for(issue({"192.0.2.1"})));
  EXPECT_TRUE(good.ok) << good.why;
  EXPECT_EQ(good.seen_sni, "");
  UpstreamSessions other(context_for("192.0.2.1"));
  EXPECT_EQ(connect(other, server_for(issue({"192.0.2.2"}))).why,
            "certificate: ip address mismatch");
}

TEST(Upstream, RefusesAnotherName) {
  UpstreamSessions sessions(context_for("app.internal"));
  EXPECT_EQ(connect(sessions, server_for(issue({"other.internal"}))).why,
            "certificate: hostname mismatch");
}

TEST(Upstream, RefusesAnUnknownCa) {
  certs::LeafRequest request;
  request.names = {"app.internal"};
  const auto pair = ravelin::test::stranger_ca().issue(request);
  UpstreamSessions sessions(context_for("app.internal"));
  EXPECT_THAT(connect(sessions, server_for(*pair)).why, HasSubstr("certificate: unable to get"));
}

TEST(Upstream, RefusesAnExpiredCertificate) {
  certs::LeafRequest request;
  request.names = {"app.internal"};
  request.starts_after = std::chrono::hours(-2);
  request.ends_after = std::chrono::hours(-1);
  UpstreamSessions sessions(context_for("app.internal"));
  EXPECT_EQ(connect(sessions, server_for(issue(request))).why,
            "certificate: certificate has expired");
}

TEST(Upstream, AConnectionMayOutliveItsSessions) {
  auto sessions = std::make_unique<UpstreamSessions>(context_for("app.internal"));
  const SslPtr client = sessions->new_ssl();
  sessions.reset();
  EXPECT_NE(client, nullptr);
  EXPECT_EQ(SSL_is_server(client.get()), 0);
}

TEST(Upstream, TheConfigurationsNameWins) {
  EXPECT_EQ(read_upstream_policy({}, "10.0.0.1")->name, "10.0.0.1");
  UpstreamTlsConfig config;
  config.name = "app.internal";
  EXPECT_EQ(read_upstream_policy(config, "10.0.0.1")->name, "app.internal");
  config.ca = "/nonexistent/ca.pem";
  EXPECT_THAT(read_upstream_policy(config, "x").error().message, HasSubstr("no such file"));
}

TEST(Upstream, TheSystemsStoreIsTheDefault) {
  EXPECT_TRUE(UpstreamContext::create({.name = "app.internal"}).has_value());
  EXPECT_FALSE(UpstreamContext::create({}).has_value());
}

}  // namespace
}  // namespace ravelin::gateway::test
