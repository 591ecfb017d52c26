// DnsClient against a name server that answers, refuses, cuts, lies and keeps silent.
#include "gateway/dns/dns_client.h"

#include "tests/gateway/dns/name_server.h"
#include "tests/gateway/upstream/loopback.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace ravelin::gateway::test {
namespace {

using namespace std::chrono_literals;
using base::Result;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string text_of(const Result<DnsAddresses>& answer) {
  if (!answer) return answer.error().message;
  std::string text;
  for (const base::IpAddress& address : answer->addresses)
    text += base::to_string(address) + " ";
  return text + std::to_string(answer->ttl.count());
}

class DnsClientTest : public testing::Test {
 protected:
  DnsClientTest() {
    config_.servers = {server_.endpoint()};
    config_.timeout = 10s;  // nothing is lost on loopback
    config_.tries = 1;
    write_resolv_conf("search a.test b.test\n");
  }

  void write_resolv_conf(std::string_view text) {
    std::ofstream(dir_.path("resolv.conf.new")) << text;
    ASSERT_EQ(::rename(dir_.path("resolv.conf.new").c_str(), dir_.path("resolv.conf").c_str()), 0);
  }

  DnsClient& client() {
    if (client_ == nullptr) {
      client_ = std::make_unique<DnsClient>(
          reactor_, config_,
          DnsClient::Options{dir_.path("resolv.conf"),
                             [this](std::string_view result) { ++counts_[std::string(result)]; }});
    }
    return *client_;
  }

  // The answer's addresses and TTL in ms, or the error.
  std::string addresses(const std::string& name) {
    std::string text;
    const DnsQuestion question = client().ask_addresses(
        name, [&](const Result<DnsAddresses>& answer) { text = text_of(answer); });
    EXPECT_TRUE(text.empty()) << "answered out of the question";
    run_until(reactor_, [&] { return !text.empty(); });
    return text;
  }

  Result<DnsServices> services(const std::string& name) {
    std::optional<Result<DnsServices>> got;
    const DnsQuestion question = client().ask_services(
        name, [&](const Result<DnsServices>& answer) { got.emplace(answer); });
    run_until(reactor_, [&] { return got.has_value(); });
    return got.value_or(base::fail(base::Errc::timeout, "the test's patience is over"));
  }

  ravelin::test::TempDir dir_;
  Reactor reactor_;
  NameServer server_{reactor_};
  DnsConfig config_;
  std::map<std::string, int> counts_;
  std::unique_ptr<DnsClient> client_;
};

TEST_F(DnsClientTest, GivesBothFamiliesAndTheLeastTtl) {
  server_.say("app.internal", RecordType::a, {{address_record("10.0.0.1", 60)}});
  server_.say("app.internal", RecordType::aaaa, {{address_record("fd00::1", 40)}});
  EXPECT_EQ(addresses("app.internal"), "10.0.0.1 fd00::1 40000");
  EXPECT_THAT(counts_, ElementsAre(std::pair("ok", 2)));
}

TEST_F(DnsClientTest, ANameWithOneFamilyIsWhole) {
  server_.say("app.internal", {"10.0.0.2", "10.0.0.1"});
  EXPECT_EQ(addresses("app.internal"), "10.0.0.2 10.0.0.1 60000");
  EXPECT_EQ(counts_["ok"], 1);
  EXPECT_EQ(counts_["not_found"], 1);
}

TEST_F(DnsClientTest, SaysWhichFamilyIsLacking) {
  server_.say("app.internal", {"10.0.0.1"});
  server_.say("app.internal", RecordType::aaaa, {.code = 2});
  std::optional<DnsAddresses> got;
  const DnsQuestion question = client().ask_addresses(
      "app.internal", [&](const Result<DnsAddresses>& answer) { got.emplace(*answer); });
  ASSERT_TRUE(run_until(reactor_, [&] { return got.has_value(); }));
  EXPECT_FALSE(got->lacks_ipv4);
  EXPECT_TRUE(got->lacks_ipv6);
  EXPECT_THAT(got->remarks, StartsWith("AAAA is not known: "));
}

TEST_F(DnsClientTest, LocalhostNeedsNoNameServer) {
  EXPECT_THAT(addresses("localhost"), HasSubstr("127.0.0.1 "));
  EXPECT_THAT(addresses("localhost."), HasSubstr("127.0.0.1 "));
  EXPECT_EQ(server_.asked_in_all(), 0);
}

TEST_F(DnsClientTest, ErrorsNameTheNameAndTheReason) {
  EXPECT_EQ(addresses("gone.internal"), "resolving \"gone.internal\": no such name");
  server_.say("empty.internal", std::vector<std::string_view>());
  EXPECT_EQ(addresses("empty.internal"), "resolving \"empty.internal\": no such record");
  server_.fail("bad.internal", 2);
  EXPECT_EQ(addresses("bad.internal"),
            "resolving \"bad.internal\": name servers cannot be reached, fail or refuse");
  server_.fail("bad.internal", 5);
  EXPECT_EQ(addresses("bad.internal"),
            "resolving \"bad.internal\": name servers cannot be reached, fail or refuse");
  EXPECT_THAT(addresses("no..such"), StartsWith("resolving \"no..such\": "));
  server_.say("lie.internal", {"0.0.0.0"});
  EXPECT_EQ(addresses("lie.internal"),
            "resolving \"lie.internal\": no address that a server can have: 0.0.0.0 (unspecified)");
}

TEST_F(DnsClientTest, AnswersThatAreNoneAreRefused) {
  WireRecord broken = address_record("10.0.0.1");
  broken.data.pop_back();
  server_.say("app.internal", RecordType::a, {{broken}});
  server_.say("app.internal", RecordType::aaaa, {});
  EXPECT_EQ(addresses("app.internal"), "resolving \"app.internal\": a record that is no A");
  EXPECT_EQ(counts_["bad_answer"], 1);
}

TEST_F(DnsClientTest, ANameServerThatIsNotThereIsAFailure) {
  config_.timeout = 200ms;  // of two questions at once, one may not be told
  config_.servers[0].port = 1;
  EXPECT_EQ(addresses("app.internal"),
            "resolving \"app.internal\": name servers cannot be reached, fail or refuse");
}

TEST_F(DnsClientTest, AnotherServerIsAskedWhenOneFails) {
  NameServer second(reactor_);
  second.say("app.internal", {"10.0.0.7"});
  server_.fail("app.internal", 2);
  config_.servers.push_back(second.endpoint());
  EXPECT_EQ(addresses("app.internal"), "10.0.0.7 60000");
}

TEST_F(DnsClientTest, SilenceEndsInTime) {
  server_.hush("quiet.internal");
  config_.timeout = 100ms;
  const auto start = base::mono_now();
  EXPECT_EQ(addresses("quiet.internal"), "resolving \"quiet.internal\": no answer in time");
  EXPECT_GE(base::mono_now() - start, base::Duration(100ms));
  EXPECT_EQ(counts_["timeout"], 2);
}

TEST_F(DnsClientTest, AQuestionAsAWholeHasADeadline) {
  // Three names by three tries that double: 2.1 s, were it not for the deadline of 600 ms.
  for (const char* name : {"app", "app.a.test", "app.b.test"})
    server_.hush(name);
  config_.timeout = 100ms;
  config_.tries = 3;
  const auto start = base::mono_now();
  EXPECT_EQ(addresses("app"), "resolving \"app\": no answer in time");
  EXPECT_GE(base::mono_now() - start, base::Duration(600ms));
  EXPECT_EQ(server_.asked("app.b.test"), 0);
}

TEST_F(DnsClientTest, WhatIsTooBigForAPacketComesOverTcp) {
  WireReply reply;
  for (int i = 1; i <= 200; ++i)
    reply.records.push_back(address_record(fmt::format("10.0.0.{}", i)));
  reply.is_cut = true;
  server_.say("big.internal", RecordType::a, reply);
  server_.say("big.internal", RecordType::aaaa, {});
  EXPECT_THAT(addresses("big.internal"), HasSubstr("10.0.0.200 60000"));
  EXPECT_EQ(server_.asked_over_tcp(), 1);
}

TEST_F(DnsClientTest, GivesServices) {
  server_.say("_http._tcp.app.internal", RecordType::srv,
              {{service_record("b.internal", 8080, 1, 2, 33), service_record("", 0)}});
  const auto answer = services("_http._tcp.app.internal");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_THAT(answer->services, ElementsAre(ServiceRecord{"b.internal", 8080, 1, 2}));
  EXPECT_EQ(answer->ttl, 33s);
  EXPECT_THAT(answer->remarks, HasSubstr("not offered"));
  EXPECT_EQ(services("_none._tcp.app.internal").error().message,
            "resolving \"_none._tcp.app.internal\": no such name");
}

TEST_F(DnsClientTest, SearchesTheDomainsOfResolvConf) {
  server_.say("app.b.test", {"10.0.0.5"});
  EXPECT_EQ(addresses("app"), "10.0.0.5 60000");
  EXPECT_EQ(server_.asked("app.a.test"), 2);
  EXPECT_EQ(server_.asked("app"), 0);
  EXPECT_THAT(addresses("app."), HasSubstr("no such name"));
  // A failure ends the search: what is meant may be there.
  server_.fail("app.a.test", 2);
  EXPECT_THAT(addresses("app"), HasSubstr("cannot be reached, fail or refuse"));
}

TEST_F(DnsClientTest, TheSystemsNameServersAreThoseOfResolvConfWhateverItBecomes) {
  config_.servers.clear();
  write_resolv_conf("nameserver 127.0.0.1\n");
  EXPECT_THAT(client().servers(), ElementsAre("127.0.0.1:53"));
  write_resolv_conf("nameserver 10.0.0.53\nnameserver 2001:db8::53\n");
  // It is looked at when there is a question, a second after the last look.
  for (int i = 0; i < 1000 && client().servers().size() != 2; ++i) {
    EXPECT_THAT(addresses("localhost"), HasSubstr("127.0.0.1 "));
    run_for(reactor_, 10ms);
  }
  EXPECT_THAT(client().servers(), ElementsAre("10.0.0.53:53", "[2001:db8::53]:53"));
  client().use(DnsConfig{.servers = {server_.endpoint()}});
  EXPECT_THAT(client().servers(), ElementsAre(base::to_string(server_.endpoint())));
}

TEST_F(DnsClientTest, OtherServersAreAskedWhatIsUnderWay) {
  server_.hush("app.internal");
  std::string text;
  const DnsQuestion question = client().ask_addresses(
      "app.internal", [&](const Result<DnsAddresses>& answer) { text = text_of(answer); });
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.asked("app.internal") == 2; }));
  NameServer second(reactor_);
  second.say("app.internal", {"10.0.0.8"});
  config_.servers = {second.endpoint()};
  client().use(config_);
  EXPECT_TRUE(run_until(reactor_, [&] { return !text.empty(); }));
  EXPECT_EQ(text, "10.0.0.8 60000");
}

TEST_F(DnsClientTest, WhoLetsGoIsNotCalled) {
  server_.say("app.internal", {"10.0.0.1"});
  int calls = 0;
  DnsQuestion dropped = client().ask_addresses("app.internal", [&](const auto&) { ++calls; });
  dropped = client().ask_addresses("app.internal", [&](const auto&) { calls += 10; });
  EXPECT_TRUE(run_until(reactor_, [&] { return calls != 0 && client().under_way() == 0; }));
  EXPECT_EQ(calls, 10);
  DnsQuestion moved = client().ask_addresses("app.internal", [&](const auto&) { calls += 100; });
  const DnsQuestion kept = std::move(moved);
  EXPECT_TRUE(run_until(reactor_, [&] { return calls != 10; }));
  EXPECT_EQ(calls, 110);
}

TEST_F(DnsClientTest, ItsEndIsAtOnceAndNobodyIsCalled) {
  server_.hush("quiet.internal");
  int calls = 0;
  std::vector<DnsQuestion> questions;
  for (int i = 0; i < 300; ++i)
    questions.push_back(client().ask_addresses("quiet.internal", [&](const auto&) { ++calls; }));
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.asked_in_all() >= 20; }));
  const auto start = base::mono_now();
  client_.reset();
  EXPECT_LT(base::mono_now() - start, base::Duration(1s));
  run_for(reactor_, 50ms);
  EXPECT_EQ(calls, 0);
}

TEST_F(DnsClientTest, MayGoInsideOfAnAnswer) {
  server_.say("app.internal", {"10.0.0.1"});
  int calls = 0;
  std::vector<DnsQuestion> questions;
  for (int i = 0; i < 5; ++i) {
    questions.push_back(client().ask_addresses("app.internal", [&](const auto&) {
      ++calls;
      client_.reset();
    }));
  }
  EXPECT_TRUE(run_until(reactor_, [&] { return calls != 0; }));
  run_for(reactor_, 50ms);
  EXPECT_EQ(calls, 1);
}

TEST_F(DnsClientTest, AThousandNamesAreAskedABoundedNumberAtATime) {
  std::size_t most = 0;
  int answers = 0;
  std::vector<DnsQuestion> questions;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = fmt::format("n{}.internal", i);
    server_.say(name, {"10.0.0.1"});
    questions.push_back(client().ask_addresses(name, [&](const Result<DnsAddresses>& answer) {
      if (answer) ++answers;
      most = std::max(most, client().under_way());
    }));
  }
  EXPECT_EQ(client().waiting(), 1000U);
  EXPECT_TRUE(run_until(reactor_, [&] { return answers == 1000; }));
  EXPECT_LE(most, DnsClient::kUnderWayMax);
  EXPECT_LE(server_.most_at_once(), 2 * static_cast<int>(DnsClient::kUnderWayMax));
}

TEST_F(DnsClientTest, TooManyThatWaitAreTurnedAway) {
  config_.timeout = 30s;
  std::string text;
  std::vector<DnsQuestion> questions;
  for (std::size_t i = 0; i < DnsClient::kWaitingMax; ++i)
    questions.push_back(client().ask_addresses("quiet.internal", [](const auto&) {}));
  const DnsQuestion last = client().ask_addresses(
      "late.internal", [&](const Result<DnsAddresses>& answer) { text = text_of(answer); });
  questions.clear();
  EXPECT_TRUE(run_until(reactor_, [&] { return !text.empty(); }));
  EXPECT_EQ(text, "resolving \"late.internal\": too many names wait for it");
}

}  // namespace
}  // namespace ravelin::gateway::test
