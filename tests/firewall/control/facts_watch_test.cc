#include "firewall/control/facts_watch.h"

#include "tests/firewall/control/keeper_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace ravelin::firewall {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kHead =
    "policy: v1\n"
    "name: edge\n"
    "zones:\n"
    "  wan: { interfaces: [wan0] }\n";

// The same for every look, and how often it was asked.
struct World {
  policies::Facts facts;
  int looks = 0;
};

class Looking final : public FactFinder {
 public:
  explicit Looking(std::shared_ptr<World> world) : world_(std::move(world)) {}

  policies::Facts find(const policies::ParsedPolicy&) override {
    ++world_->looks;
    return world_->facts;
  }

 private:
  std::shared_ptr<World> world_;
};

class FactsWatchTest : public testing::Test {
 protected:
  void watch(const std::string& rule, policies::Facts known) {
    world_->facts = known;
    live_.path = "/p.yaml";
    live_.directory = "/";
    live_.files["/p.yaml"] = {"p",
                              fmt::format("{}rules:\n  wan -> host:\n    - {}\n", kHead, rule)};
    live_.facts = std::move(known);
  }

  std::optional<PolicyBundle> look() {
    return watch_.look(revision_, [this]() -> Result<PolicyBundle> { return live_; });
  }

  // Names are looked up elsewhere: an answer, or a second without one.
  std::optional<PolicyBundle> look_until_answered() {
    const auto until = std::chrono::steady_clock::now() + 1s;
    std::optional<PolicyBundle> found;
    while (!found && std::chrono::steady_clock::now() < until) {
      found = look();
      std::this_thread::yield();
    }
    return found;
  }

  std::shared_ptr<World> world_ = std::make_shared<World>();
  FakeTimes times_;
  PolicyBundle live_;
  std::uint64_t revision_ = 1;
  FactsWatch watch_{[this] { return std::make_unique<Looking>(world_); }, times_};
};

policies::Facts delegated(const std::string& prefix) {
  policies::Facts facts;
  facts.delegated["wan"] = {*base::parse_prefix(prefix)};
  return facts;
}

policies::Facts named(const std::string& address) {
  policies::Facts facts;
  facts.names["db.example.com"] = {*base::parse_ip(address)};
  return facts;
}

const std::string kDelegated = "{ allow: tcp/443, to: \"pd(wan,0)::5\" }";
const std::string kNamed = "{ allow: tcp/443, from: db.example.com }";

TEST_F(FactsWatchTest, HasNothingToSayOfAPolicyThatAsksForNothing) {
  watch("{ allow: tcp/443 }", {});
  EXPECT_FALSE(look());
  EXPECT_EQ(world_->looks, 0);
}

TEST_F(FactsWatchTest, HasNothingToSayWhileAllIsAsItWas) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  EXPECT_FALSE(look());
  EXPECT_EQ(world_->looks, 1);
}

TEST_F(FactsWatchTest, FindsAnotherDelegatedPrefixAtTheNextLook) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  EXPECT_FALSE(look());
  world_->facts = delegated("2001:db8:200::/56");
  times_.advance(9s);
  EXPECT_FALSE(look());
  times_.advance(1s);
  const auto changed = look();
  ASSERT_TRUE(changed);
  EXPECT_THAT(changed->facts.delegated.at("wan"),
              ElementsAre(*base::parse_prefix("2001:db8:200::/56")));
  EXPECT_EQ(changed->files.at("/p.yaml").text, live_.files.at("/p.yaml").text);
}

TEST_F(FactsWatchTest, KeepsAPrefixWhileTheInterfaceHasNone) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  world_->facts = {};
  EXPECT_FALSE(look());
  EXPECT_EQ(world_->looks, 1);
}

TEST_F(FactsWatchTest, TellsTheSameAgainAfterTenMinutes) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  world_->facts = delegated("2001:db8:200::/56");
  EXPECT_TRUE(look());
  times_.advance(590s);
  EXPECT_FALSE(look());
  times_.advance(10s);
  EXPECT_TRUE(look());
}

TEST_F(FactsWatchTest, FindsThatAllIsAsItWasBeforeAChangeWasTaken) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  world_->facts = delegated("2001:db8:200::/56");
  watch_.took(*look());
  times_.advance(10s);
  EXPECT_FALSE(look());
  world_->facts = delegated("2001:db8:100::/56");
  times_.advance(10s);
  const auto back = look();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->hash(), live_.hash());
}

TEST_F(FactsWatchTest, GoesOnFromTheRevisionThatIsInForceNow) {
  watch(kDelegated, delegated("2001:db8:100::/56"));
  world_->facts = delegated("2001:db8:200::/56");
  live_ = *look();
  revision_ = 2;
  times_.advance(10s);
  EXPECT_FALSE(look());
  EXPECT_EQ(world_->looks, 2);
}

TEST_F(FactsWatchTest, FindsAnotherAddressOfANameAndForgetsTheOneBeforeInTime) {
  watch(kNamed, named("192.0.2.1"));
  world_->facts = named("192.0.2.2");
  const auto changed = look_until_answered();
  ASSERT_TRUE(changed);
  EXPECT_THAT(changed->facts.names.at("db.example.com"),
              ElementsAre(*base::parse_ip("192.0.2.1"), *base::parse_ip("192.0.2.2")));
  live_ = *changed;
  revision_ = 2;
  times_.advance(31min);
  const auto later = look_until_answered();
  ASSERT_TRUE(later);
  EXPECT_THAT(later->facts.names.at("db.example.com"), ElementsAre(*base::parse_ip("192.0.2.2")));
}

TEST_F(FactsWatchTest, KeepsWhatAResolverThatIsAwayHasSaid) {
  watch(kNamed + "\n    - { allow: tcp/80, to: \"pd(wan,0)::5\" }", named("192.0.2.1"));
  world_->facts = delegated("2001:db8:100::/56");
  const auto changed = look_until_answered();
  ASSERT_TRUE(changed);
  EXPECT_THAT(changed->facts.names.at("db.example.com"), ElementsAre(*base::parse_ip("192.0.2.1")));
}

TEST_F(FactsWatchTest, SaysNothingWhereTheRevisionCannotBeRead) {
  EXPECT_FALSE(watch_.look(
      1, []() -> Result<PolicyBundle> { return base::fail(base::Errc::not_found, "it is gone"); }));
}

}  // namespace
}  // namespace ravelin::firewall
