// Names that are watched: asked again by their TTL, last good answers kept, changes told once.
#include "gateway/dns/dns_watch.h"

#include "tests/gateway/dns/quick_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

DnsConfig quick_single_try(const NameServer& server) {
  DnsConfig config = quick_dns(server);
  config.tries = 1;
  return config;
}

class DnsWatchTest : public testing::Test {
 protected:
  void watch(const std::string& name) {
    watch_.emplace(reactor_, client_, name, [this] { told_.push_back(text()); });
  }

  [[nodiscard]] std::string text() const {
    std::string all;
    for (const base::IpAddress& address : watch_->addresses())
      all += (all.empty() ? "" : " ") + base::to_string(address);
    return all;
  }

  // Until it was asked for `times` more, A and AAAA.
  void asked_more(const std::string& name, int times) {
    ASSERT_TRUE(wait_until_asked(reactor_, server_, name, times));
  }

  Reactor reactor_;
  NameServer server_{reactor_};
  DnsClient client_{reactor_, quick_single_try(server_)};
  std::vector<std::string> told_;
  std::optional<AddressWatch> watch_;
};

TEST_F(DnsWatchTest, TellsTheFirstAnswerAndEveryChangeOnce) {
  server_.say("app.internal", {"10.0.0.1", "10.0.0.2"});
  watch("app.internal");
  EXPECT_TRUE(told_.empty());
  asked_more("app.internal", 3);
  server_.say("app.internal", {"10.0.0.2", "10.0.0.1"});  // the same in another order
  asked_more("app.internal", 3);
  EXPECT_THAT(told_, ElementsAre("10.0.0.1 10.0.0.2"));
  server_.say("app.internal", {"10.0.0.3"});
  ASSERT_TRUE(run_until(reactor_, [&] { return told_.size() == 2; }));
  EXPECT_EQ(told_[1], "10.0.0.3");
}

TEST_F(DnsWatchTest, IsAskedAgainWhenTheTtlIsOverAndNotBefore) {
  server_.say("app.internal", {"10.0.0.1"}, 3600);
  client_.use([&] {
    DnsConfig slow = quick_single_try(server_);
    slow.ttl_max = 300ms;
    return slow;
  }());
  watch("app.internal");
  ASSERT_TRUE(run_until(reactor_, [&] { return !told_.empty(); }));
  const auto start = base::mono_now();
  EXPECT_EQ(watch_->status().ttl, 300ms);
  asked_more("app.internal", 1);
  EXPECT_GE(base::mono_now() - start, base::Duration(290ms));
}

TEST_F(DnsWatchTest, KeepsTheLastGoodAnswerThroughEveryKindOfFailure) {
  server_.say("app.internal", {"10.0.0.1"});
  watch("app.internal");
  asked_more("app.internal", 1);
  server_.fail("app.internal", 2);
  asked_more("app.internal", 3);
  EXPECT_EQ(text(), "10.0.0.1");
  EXPECT_TRUE(watch_->status().failing_since.has_value());
  EXPECT_THAT(watch_->status().reason, HasSubstr("fail or refuse"));
  server_.fail("app.internal", 3);
  asked_more("app.internal", 3);
  server_.say("app.internal", std::vector<std::string_view>());
  asked_more("app.internal", 3);
  server_.say("app.internal", {"0.0.0.0"});
  asked_more("app.internal", 3);
  EXPECT_EQ(text(), "10.0.0.1");
  EXPECT_THAT(watch_->status().reason, HasSubstr("0.0.0.0 (unspecified)"));
  server_.say("app.internal", {"10.0.0.1"});
  ASSERT_TRUE(run_until(reactor_, [&] { return !watch_->status().failing_since; }));
  EXPECT_EQ(watch_->status().failures, 0U);
  EXPECT_THAT(told_, ElementsAre("10.0.0.1"));
}

TEST_F(DnsWatchTest, AFamilyThatFailsKeepsItsAddressesWhileTheOtherMovesOn) {
  server_.say("app.internal", RecordType::a, {{address_record("10.0.0.1")}});
  server_.say("app.internal", RecordType::aaaa, {{address_record("fd00::1")}});
  watch("app.internal");
  ASSERT_TRUE(run_until(reactor_, [&] { return told_.size() == 1; }));
  server_.say("app.internal", RecordType::a, {.code = 2});
  server_.say("app.internal", RecordType::aaaa, {{address_record("fd00::2")}});
  ASSERT_TRUE(run_until(reactor_, [&] { return told_.size() == 2; }));
  EXPECT_EQ(told_[1], "fd00::2 10.0.0.1");
  EXPECT_THAT(watch_->status().remarks, HasSubstr("A is not known"));
  server_.say("app.internal", RecordType::a, {});
  ASSERT_TRUE(run_until(reactor_, [&] { return told_.size() == 3; }));
  EXPECT_EQ(told_[2], "fd00::2");
}

TEST_F(DnsWatchTest, AsksAgainUntilTheNameIsThere) {
  watch("app.internal");
  asked_more("app.internal", 3);
  EXPECT_TRUE(watch_->addresses().empty());
  EXPECT_FALSE(watch_->status().answered.has_value());
  EXPECT_GE(watch_->status().failures, 2U);
  server_.say("app.internal", {"10.0.0.1"});
  EXPECT_TRUE(run_until(reactor_, [&] { return !told_.empty(); }));
  EXPECT_TRUE(watch_->status().answered.has_value());
}

TEST_F(DnsWatchTest, MayGoInsideOfWhatItTells) {
  server_.say("app.internal", {"10.0.0.1"});
  int calls = 0;
  watch_.emplace(reactor_, client_, "app.internal", [&] {
    ++calls;
    watch_.reset();
  });
  ASSERT_TRUE(run_until(reactor_, [&] { return calls != 0; }));
  run_for(reactor_, 60ms);
  EXPECT_EQ(calls, 1);
}

TEST_F(DnsWatchTest, ServicesAreToldWhenAnythingOfThemChanges) {
  const auto say = [&](std::uint16_t weight) {
    server_.say("_s._tcp.x", RecordType::srv,
                {{service_record("a.x", 80, 1, weight), service_record("b.x", 80, 1, 1)}});
  };
  say(5);
  int told = 0;
  ServiceWatch watch(reactor_, client_, "_s._tcp.x", [&] { ++told; });
  ASSERT_TRUE(run_until(reactor_, [&] { return told == 1; }));
  say(6);
  ASSERT_TRUE(run_until(reactor_, [&] { return told == 2; }));
  server_.fail("_s._tcp.x", 3);
  ASSERT_TRUE(run_until(reactor_, [&] { return watch.status().failures >= 2; }));
  EXPECT_THAT(watch.services(),
              ElementsAre(ServiceRecord{"a.x", 80, 1, 6}, ServiceRecord{"b.x", 80, 1, 1}));
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace ravelin::gateway::test
