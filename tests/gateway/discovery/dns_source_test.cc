// A pool's servers from a name: the whole set when it changes, never an empty one, and what is said
// of it.
#include "gateway/discovery/dns_source.h"

#include "tests/gateway/dns/quick_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class DnsSourceTest : public testing::Test {
 protected:
  static DnsDiscoveryConfig by_address(std::uint16_t port = 80) {
    return {{}, "app.internal", DnsRecords::address, port};
  }

  static DiscoverConfig discover(const DnsDiscoveryConfig& what, std::uint32_t servers_max = 100) {
    DiscoverConfig config;
    config.dns = what;
    config.servers_max = servers_max;
    return config;
  }

  void start(const DnsDiscoveryConfig& what, std::uint32_t servers_max = 100) {
    source_.emplace(reactor_, client_, discover(what, servers_max),
                    [this](const std::vector<ServerConfig>& servers) {
                      std::string text;
                      for (const ServerConfig& server : servers)
                        text += (text.empty() ? "" : " ") + server.name;
                      told_.push_back(text);
                    });
  }

  bool told(std::size_t times) {
    return run_until(reactor_, [&] { return told_.size() >= times; });
  }

  Reactor reactor_;
  NameServer server_{reactor_};
  DnsClient client_{reactor_, quick_dns(server_)};
  std::vector<std::string> told_;
  std::optional<DnsSource> source_;
};

TEST_F(DnsSourceTest, TellsTheWholeSetWheneverItChanges) {
  server_.say("app.internal", {"10.0.0.2", "10.0.0.1"});
  start(by_address());
  EXPECT_TRUE(told_.empty());
  ASSERT_TRUE(told(1));
  server_.say("app.internal", {"10.0.0.1"});
  ASSERT_TRUE(told(2));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1:80 10.0.0.2:80", "10.0.0.1:80"));
}

TEST_F(DnsSourceTest, AFailureOrAnEmptyAnswerNeverEmptiesTheSet) {
  server_.say("app.internal", {"10.0.0.1"});
  start(by_address());
  ASSERT_TRUE(told(1));
  for (const int code : {0, 2, 3}) {
    server_.fail("app.internal", code);
    const unsigned failures = source_->status().watch.failures;
    ASSERT_TRUE(
        run_until(reactor_, [&] { return source_->status().watch.failures >= failures + 2; }));
  }
  EXPECT_EQ(source_->servers().size(), 1U);
  EXPECT_THAT(told_, ElementsAre("10.0.0.1:80"));
  EXPECT_THAT(to_string(source_->status(), base::wall_now()),
              MatchesRegex("app.internal: 1 server, answered [0-9]+ s ago; failing for [0-9]+ s: "
                           "resolving \"app.internal\": no such name"));
}

TEST_F(DnsSourceTest, TargetsOfAServiceAreServers) {
  server_.say("_http._tcp.app.internal", RecordType::srv,
              {{service_record("b.internal", 8080, 1), service_record("a.internal", 8080, 2)}});
  start({{}, "_http._tcp.app.internal", DnsRecords::srv, 0});
  ASSERT_TRUE(told(1));
  EXPECT_THAT(told_, ElementsAre("b.internal:8080 a.internal:8080"));
  server_.say("_http._tcp.app.internal", RecordType::srv, {{service_record("", 0)}});
  ASSERT_TRUE(run_until(reactor_, [&] { return source_->status().watch.failures >= 2; }));
  EXPECT_EQ(source_->servers().size(), 2U);
  EXPECT_THAT(source_->status().watch.reason, HasSubstr("the service is not offered"));
}

TEST_F(DnsSourceTest, KeepsWhatItKnowsWhenTheConfigurationChangesAroundIt) {
  server_.say("app.internal", {"10.0.0.1", "10.0.0.2"});
  start(by_address(), 1);
  ASSERT_TRUE(told(1));
  EXPECT_EQ(source_->status().left_out, 1U);
  EXPECT_TRUE(source_->asks_for(discover(by_address(81))));
  EXPECT_FALSE(source_->asks_for(discover({{}, "app.internal", DnsRecords::srv, 0})));
  EXPECT_FALSE(source_->asks_for(discover({{}, "other.internal", DnsRecords::address, 80})));
  EXPECT_FALSE(source_->asks_for(DiscoverConfig()));
  const auto both = source_->servers_for(discover(by_address(81), 5));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1].name, "10.0.0.2:81");
  EXPECT_EQ(source_->servers().size(), 1U);
  source_->use(discover(by_address(81), 5));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1:80", "10.0.0.1:81 10.0.0.2:81"));
}

TEST_F(DnsSourceTest, SaysThatNothingIsKnownYet) {
  start(by_address());
  EXPECT_EQ(to_string(source_->status(), base::wall_now()),
            "app.internal: 0 servers, not answered yet");
  EXPECT_TRUE(source_->servers_for(discover(by_address())).empty());
  source_->use(discover(by_address(81), 5));
  EXPECT_TRUE(told_.empty());
}

TEST_F(DnsSourceTest, OnceItIsGoneNobodyIsCalled) {
  server_.say("app.internal", {"10.0.0.1"});
  start(by_address());
  ASSERT_TRUE(told(1));
  ASSERT_TRUE(run_until(reactor_, [&] { return server_.asked("app.internal") >= 6; }));
  server_.say("app.internal", {"10.0.0.9"});
  source_.reset();
  run_for(reactor_, 100ms);
  EXPECT_THAT(told_, ElementsAre("10.0.0.1:80"));
}

TEST_F(DnsSourceTest, MayGoInsideOfWhatItTells) {
  server_.say("app.internal", {"10.0.0.1"});
  int calls = 0;
  source_.emplace(reactor_, client_, discover(by_address()), [&](const auto& servers) {
    source_.reset();
    calls += static_cast<int>(servers.size());
  });
  ASSERT_TRUE(run_until(reactor_, [&] { return calls == 1; }));
  run_for(reactor_, 60ms);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace ravelin::gateway::test
