// The keeper over a kernel in memory and a directory of its own: whatever is refused, cut off or
// late, the table is one revision's, and the disk knows which to come back to.
#include "firewall/control/keeper.h"

#include "firewall/compile/key_bytes.h"
#include "firewall/control/fallback.h"
#include "firewall/control/feed_table.h"
#include "firewall/control/last_resort.h"
#include "firewall/control/service.h"
#include "policies/model/meaning.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace ravelin::firewall {
namespace {

using namespace std::chrono_literals;

class FakeTimes final : public Times {
 public:
  [[nodiscard]] std::chrono::sys_seconds wall() const override { return wall_; }

  [[nodiscard]] BootTime boot() const override { return {boot_id, since_boot}; }

  void advance(std::chrono::seconds by) {
    wall_ += by;
    since_boot += by;
  }

  // Somebody sets the clock.
  void set_wall(std::chrono::seconds by) { wall_ += by; }

  std::string boot_id = "boot-1";
  std::chrono::nanoseconds since_boot{100s};

 private:
  std::chrono::sys_seconds wall_{1'800'000'000s};
};

PolicyBundle policy(std::string_view ports) {
  PolicyBundle bundle;
  bundle.path = "/p.yaml";
  bundle.directory = "/";
  bundle.files["/p.yaml"] = {"p", fmt::format(R"(policy: v1
name: test
zones:
  wan: {{ interfaces: [eth0] }}
bans: {{ never: [192.0.2.77] }}
rules:
  wan -> host:
    - {{ allow: [{}], id: web }}
  host -> wan:
    - allow: any
)",
                                              ports)};
  return bundle;
}

// One life of the process; the kernel and the disk outlive it.
class Life {
 public:
  Life(FakeKernel& kernel, const std::string& path, const FakeTimes& times)
      : state_(std::move(*StateDir::open(path))),
        feeds_(times, state_),
        keeper(kernel, state_, times, feeds_) {}

 private:
  StateDir state_;
  FeedTable feeds_;

 public:
  Keeper keeper;
};

class KeeperTest : public testing::Test {
 protected:
  void start() {
    life_.reset();
    life_ = std::make_unique<Life>(kernel_, temp_.path("firewall"), times_);
    const auto said = keeper().recover();
    ASSERT_TRUE(said) << said.error().message;
    said_ = *said;
  }

  Keeper& keeper() { return life_->keeper; }

  void SetUp() override { start(); }

  Result<Keeper::Applied> apply(std::string_view ports,
                                std::optional<std::chrono::seconds> within = {}) {
    return keeper().apply(policy(ports), {within, "tester"});
  }

  // The ports that the table in the kernel lets in from wan.
  [[nodiscard]] std::vector<int> open_ports() const {
    std::vector<int> ports;
    if (!kernel_.table()) return {-1};
    const Ruleset ruleset = kernel_.ruleset();
    for (const Set& set : ruleset.sets) {
      if (!set.is_verdict_map || set.key.size() != 2) continue;
      for (const Element& element : set.elements)
        ports.push_back(element.key.at(4) << 8 | element.key.at(5));
    }
    std::sort(ports.begin(), ports.end());
    return ports;
  }

  test::TempDir temp_;
  FakeKernel kernel_;
  FakeTimes times_;
  std::unique_ptr<Life> life_;
  std::vector<std::string> said_;
};

using Ports = std::vector<int>;

TEST_F(KeeperTest, AppliesAndRemembersWhatIsConfirmed) {
  const auto applied = apply("tcp/80");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(applied->revision, 1U);
  EXPECT_EQ(open_ports(), Ports{80});
  start();
  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, ARefusedChangeLeavesTheOldOneAndIsNotPending) {
  ASSERT_TRUE(apply("tcp/80"));
  const FakeTable before = *kernel_.table();
  for (std::size_t step = 0; step < 40; ++step) {
    kernel_.fail_next_at(step);
    const auto applied = apply("tcp/443, tcp/8443", 60s);
    if (applied) {
      EXPECT_GT(step, 3U);  // all steps were refused once
      return;
    }
    EXPECT_EQ(open_ports(), Ports{80}) << step;
    EXPECT_EQ(keeper().pending(), std::nullopt) << step;
    EXPECT_EQ(keeper().live_revision(), 1U) << step;
  }
  FAIL() << "a change has fewer steps";
}

TEST_F(KeeperTest, WhateverIsRefusedTheAnswerSaysWhatIsLive) {
  std::size_t done = 0;
  for (std::size_t before = 0; before < 8; ++before) {
    ASSERT_TRUE(apply("tcp/80"));
    ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
    PolicyBundle next = policy("tcp/443");
    std::string& text = next.files["/p.yaml"].text;
    text.replace(text.find("192.0.2.77"), 10, "203.0.113.9");  // lets go of the ban
    kernel_.fail_after(before);
    const auto applied = keeper().apply(std::move(next), {60s, "tester"});
    kernel_.fail_after({});
    EXPECT_EQ(open_ports(), applied ? Ports{443} : Ports{80}) << before;
    EXPECT_EQ(keeper().pending().has_value(), applied.has_value()) << before;
    EXPECT_TRUE(keeper().drift()->empty()) << before;
    if (applied) ++done;
    times_.advance(61s);
    ASSERT_TRUE(keeper().tick()) << before;
    EXPECT_EQ(open_ports(), Ports{80}) << before;
  }
  EXPECT_GT(done, 4U);  // refused: the one that prepares, and the one that changes
}

TEST_F(KeeperTest, AnUnconfirmedChangeIsUndoneAlsoWhenItCouldNotBeReadBack) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.fail_reads(true);
  const auto applied = apply("tcp/443", 60s);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_EQ(keeper().live_identity().substr(0, 2), "2 ");
  EXPECT_EQ(keeper().take_notes().size(), 1U);
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
  kernel_.fail_reads(false);
  EXPECT_TRUE(keeper().drift()->empty());
  kernel_.lose_table();
  EXPECT_FALSE(keeper().drift()->empty());
}

TEST_F(KeeperTest, AChangeWhoseAnswerIsLostCountsAsDoneUntilTheTableIsLookedAt) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.lose_answer();
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_FALSE(keeper().take_notes().empty());
  EXPECT_TRUE(keeper().drift()->empty());
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, BansTheNewPolicyDoesNotAllowAreLiftedWhenTheKernelTakesIt) {
  PolicyBundle next = policy("tcp/443");
  std::string& text = next.files["/p.yaml"].text;
  text.replace(text.find("192.0.2.77"), 10, "203.0.113.9");
  std::size_t last = 0;  // the transaction that lifts bans
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(apply("tcp/80"));
    ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
    const std::size_t before = kernel_.transactions();
    if (i == 1) kernel_.fail_after(last);
    ASSERT_TRUE(keeper().apply(next, {{}, "tester"}));
    last = kernel_.transactions() - before - 1;
  }
  EXPECT_TRUE(*kernel_.find("ban4", {203, 0, 113, 9}));
  EXPECT_EQ(keeper().take_notes().size(), 1U);
  ASSERT_TRUE(keeper().tick());
  EXPECT_FALSE(*kernel_.find("ban4", {203, 0, 113, 9}));
}

TEST_F(KeeperTest, WhatCannotBeRecordedAsConfirmedIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  std::filesystem::remove(temp_.path("firewall/fallback.json"));
  std::filesystem::create_directories(temp_.path("firewall/fallback.json/in the way"));
  const auto applied = apply("tcp/443");
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().message.find("cannot be recorded as confirmed"), std::string::npos);
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, WhatIsNotConfirmedInTimeIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_EQ(open_ports(), Ports{443});
  times_.advance(59s);
  EXPECT_EQ(*keeper().tick(), std::nullopt);
  times_.advance(1s);
  EXPECT_EQ(**keeper().tick(), "revision 2 was not confirmed in time: back to revision 1");
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(*keeper().tick(), std::nullopt);
}

TEST_F(KeeperTest, ConfirmingEndsTheWait) {
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_FALSE(keeper().confirm(7));
  EXPECT_TRUE(keeper().confirm(1));
  times_.advance(1h);
  EXPECT_EQ(*keeper().tick(), std::nullopt);
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, TheFirstPolicyUndoneLeavesNoTable) {
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_FALSE(kernel_.table());
}

TEST_F(KeeperTest, AnotherUnconfirmedChangeStillLeadsBackToTheConfirmedOne) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  ASSERT_TRUE(apply("tcp/8443", 60s));
  times_.advance(61s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AStartGoesOnCountingDown) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(30s);
  start();
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_EQ(said_, std::vector<std::string>{"revision 2 still waits to be confirmed"});
  times_.advance(30s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AnotherBootUndoes) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.boot_id = "boot-2";
  times_.since_boot = 1s;
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, APendingRecordThatCannotBeReadCountsAsExpired) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/pending", "revision 2\n");
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_NE(said_.front().find("counts as expired"), std::string::npos);
}

TEST_F(KeeperTest, ALostTableComesBackWithItsBans) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "scanner", "root", ""}));
  ASSERT_TRUE(keeper().save_bans());
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  const auto banned = kernel_.find("ban4", {203, 0, 113, 9});
  ASSERT_TRUE(banned);
  EXPECT_TRUE(*banned);
}

TEST_F(KeeperTest, WithoutItsConfirmedRevisionOnlyManagementGetsIn) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_NE(said_.back().find("nobody but management gets in"), std::string::npos);
  kernel_.lose_table();
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{22});
  ASSERT_TRUE(apply("tcp/443"));
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_FALSE(keeper().is_fallback());
}

// A policy with a list that must be there.
class NeedsItsFeed : public KeeperTest {
 protected:
  [[nodiscard]] PolicyBundle with_feed(std::string_view ports, std::string_view rule = "") const {
    PolicyBundle bundle = policy(ports);
    std::string& text = bundle.files["/p.yaml"].text;
    text.insert(text.find("rules:"),
                fmt::format("feeds: {{ drop: {{ file: {}, max_age: 3d, on_stale: fail }} }}\n",
                            temp_.path("drop.txt")));
    text.insert(text.find("    - { allow:"),
                fmt::format("{}    - {{ deny: any, from: feed/drop }}\n", rule));
    return bundle;
  }

  // The feed's entries in the kernel.
  [[nodiscard]] std::size_t dropped() const {
    std::size_t count = 0;
    for (const auto& [name, set] : kernel_.table()->sets) {
      if (name.starts_with(feed_set_name("drop", FeedPart::hosts4))) count += set.elements.size();
    }
    return count;
  }

  void SetUp() override {
    KeeperTest::SetUp();
    temp_.write("drop.txt", "198.51.100.1\n198.51.100.2\n");
    // The file is as new as the fake clock.
    std::filesystem::last_write_time(
        temp_.path("drop.txt"), std::filesystem::file_time_type::clock::from_sys(times_.wall()));
  }

  void lose_feed() { std::filesystem::remove(temp_.path("drop.txt")); }
};

TEST_F(NeedsItsFeed, ARollbackTakesWhatWasReadLast) {
  ASSERT_TRUE(keeper().apply(with_feed("tcp/80"), {{}, "tester"}));
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_EQ(dropped(), 0U);
  times_.advance(std::chrono::hours(24 * 4));  // stale, too
  const auto undone = keeper().tick();
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(dropped(), 2U);
  EXPECT_NE(keeper().take_notes().front().find("what was read last is used"), std::string::npos);
  const auto refused = keeper().apply(with_feed("tcp/8443"), {{}, "tester"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("older than max_age"), std::string::npos);
}

TEST_F(NeedsItsFeed, HealingAndEndingRulesTakeWhatWasReadLast) {
  ASSERT_TRUE(keeper().apply(
      with_feed("tcp/80", "    - { allow: tcp/9999, until: 2027-01-15T08:00:30Z }\n"),
      {{}, "tester"}));
  times_.advance(std::chrono::hours(24 * 4));
  ASSERT_TRUE(keeper().expire_rules());
  EXPECT_EQ(open_ports(), Ports{80});
  kernel_.lose_table();
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(dropped(), 2U);
}

TEST_F(KeeperTest, WithoutKnowingWhatIsConfirmedOnlyManagementGetsIn) {
  for (const bool is_file : {true, false}) {
    ASSERT_TRUE(apply("tcp/80"));
    std::filesystem::remove(temp_.path("firewall/confirmed"));
    if (is_file)
      temp_.write("firewall/confirmed", "\x01");
    else
      std::filesystem::create_directory(temp_.path("firewall/confirmed"));
    kernel_.lose_table();
    start();
    EXPECT_EQ(open_ports(), Ports{22});
    EXPECT_TRUE(keeper().is_fallback());
    EXPECT_NE(said_.front().find("nobody but management gets in"), std::string::npos);
    if (!is_file) std::filesystem::remove(temp_.path("firewall/confirmed"));
  }
  temp_.write("firewall/confirmed", "\x01");
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{22});
  ASSERT_TRUE(apply("tcp/443"));  // the way out
  start();
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, WhatWaitsAndIsDamagedIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/revisions/2/bundle.json", "{");
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().pending(), std::nullopt);
}

TEST_F(KeeperTest, WithoutAStateDirectoryTheLastResortIsPutWhereThereIsNoTable) {
  EXPECT_TRUE(*put_last_resort(kernel_));
  EXPECT_EQ(open_ports(), Ports{22});
  start();  // the directory is back, and nothing was confirmed
  EXPECT_FALSE(kernel_.table());
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_FALSE(*put_last_resort(kernel_));
  EXPECT_EQ(open_ports(), Ports{80});
}

// A policy with a list that may be old.
class KeepsItsFeed : public NeedsItsFeed {
 protected:
  [[nodiscard]] PolicyBundle with_list(std::string_view ports) const {
    PolicyBundle bundle = with_feed(ports);
    std::string& text = bundle.files["/p.yaml"].text;
    text.replace(text.find("on_stale: fail"), 14, "on_stale: keep");
    return bundle;
  }
};

TEST_F(KeepsItsFeed, AStartWithoutTheFileOrWithADamagedOneHasWhatWasReadLast) {
  ASSERT_TRUE(keeper().apply(with_list("tcp/80"), {{}, "tester"}));

  const struct {
    const char* name;
    std::optional<std::string> content;
    bool is_table_lost;
  } rows[] = {
      {"missing", {}, false},
      {"missing, after a boot", {}, true},
      {"garbage", "<html>sorry</html>\n", false},
      {"garbage, after a boot", "<html>sorry</html>\n", true},
      {"empty", "", true},
      {"broken off", "198.51.100.1\n198.", true},
  };

  for (const auto& row : rows) {
    lose_feed();
    if (row.content) temp_.write("drop.txt", *row.content);
    if (row.is_table_lost) kernel_.lose_table();
    start();
    EXPECT_EQ(dropped(), 2U) << row.name;
    EXPECT_TRUE(keeper().refresh_feeds()->empty()) << row.name;
  }
  temp_.write("drop.txt", "198.51.100.1\n198.51.100.2\n198.51.100.3\n");
  EXPECT_EQ(*keeper().refresh_feeds(), std::vector<std::string>{"drop"});
  EXPECT_EQ(dropped(), 3U);
}

TEST_F(KeepsItsFeed, WithoutACopyEitherTheKernelKeepsWhatItHas) {
  ASSERT_TRUE(keeper().apply(with_list("tcp/80"), {{}, "tester"}));
  lose_feed();
  for (const char* copy : {"", "damaged\n"}) {
    temp_.write("firewall/feeds/drop", copy);
    start();
    EXPECT_EQ(dropped(), 2U) << copy;
    EXPECT_TRUE(keeper().refresh_feeds()->empty()) << copy;
  }
  temp_.write("drop.txt", "198.51.100.1\n");
  ASSERT_TRUE(keeper().refresh_feeds());
  EXPECT_EQ(dropped(), 1U);
}

TEST_F(KeepsItsFeed, ACopyOfAnotherFileIsOfNoUse) {
  ASSERT_TRUE(keeper().apply(with_list("tcp/80"), {{}, "tester"}));
  PolicyBundle other = with_list("tcp/443");
  std::string& text = other.files["/p.yaml"].text;
  text.replace(text.find("drop.txt"), 8, "none.txt");
  start();
  ASSERT_TRUE(keeper().apply(std::move(other), {{}, "tester"}));
  kernel_.lose_table();
  start();
  EXPECT_EQ(dropped(), 0U);
}

TEST_F(KeepsItsFeed, IsLookedAtAsOftenAsThePolicySays) {
  PolicyBundle bundle = with_list("tcp/80");
  std::string& text = bundle.files["/p.yaml"].text;
  text.insert(text.find("max_age"), "refresh: 1m, ");
  ASSERT_TRUE(keeper().apply(std::move(bundle), {{}, "tester"}));
  temp_.write("drop.txt", "198.51.100.1\n");
  times_.advance(59s);
  EXPECT_TRUE(keeper().refresh_feeds()->empty());
  EXPECT_EQ(dropped(), 2U);
  times_.advance(1s);
  EXPECT_EQ(keeper().refresh_feeds()->size(), 1U);
  EXPECT_EQ(dropped(), 1U);
}

TEST_F(KeepsItsFeed, ABadFileIsReadAgainOnceItHasChanged) {
  ASSERT_TRUE(keeper().apply(with_list("tcp/80"), {{}, "tester"}));
  const auto write = [&](std::string_view text, std::chrono::seconds later) {
    temp_.write("drop.txt", text);
    std::filesystem::last_write_time(
        temp_.path("drop.txt"),
        std::filesystem::file_time_type::clock::from_sys(times_.wall() + later));
  };
  write("<html>sorry</>\n", 1s);
  EXPECT_TRUE(keeper().refresh_feeds()->empty());
  write("198.51.100.10\n\n", 1s);  // as long and as old: it looks the same
  EXPECT_TRUE(keeper().refresh_feeds()->empty());
  write("198.51.100.10\n\n", 2s);
  EXPECT_EQ(keeper().refresh_feeds()->size(), 1U);
  EXPECT_EQ(dropped(), 1U);
}

TEST_F(NeedsItsFeed, AStartTakesWhatWasReadLast) {
  ASSERT_TRUE(keeper().apply(with_feed("tcp/80"), {{}, "tester"}));
  times_.advance(std::chrono::hours(24 * 4));
  lose_feed();
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(dropped(), 2U);
  EXPECT_FALSE(said_.empty());
}

TEST_F(KeeperTest, HealingNeedsNoDisk) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  kernel_.lose_table();
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, ATableThatIsGoneAndNotTakenAgainLetsOnlyManagementIn) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.lose_table();
  kernel_.fail_after(0);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_NE(keeper().take_notes().front().find("nobody but management"), std::string::npos);
}

TEST_F(KeeperTest, WhatIsNotConfirmedGoesAlsoWhenTheConfirmedRevisionIsDamaged) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  times_.advance(60s);
  const auto undone = keeper().tick();
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_NE((*undone)->find("nobody but management gets in"), std::string::npos) << **undone;
  EXPECT_EQ(open_ports(), Ports{22});
  EXPECT_TRUE(keeper().is_fallback());
  EXPECT_EQ(keeper().pending(), std::nullopt);
}

TEST(Fallback, LetsInWhatManagementNames) {
  policies::Management management;
  management.services = {{policies::kTcp, 2222, 2222}};
  management.from.is_restricted = true;
  management.from.ranges = {policies::range_of(*base::parse_prefix("10.9.0.0/24"))};
  const PolicyBundle bundle = management_only(management, Forwarding::left_alone);
  const auto policy = policy_of(bundle);
  ASSERT_TRUE(policy) << policy.error().message;
  ASSERT_EQ(policy->lists.size(), 1U);
  const policies::Rule& rule = policy->lists.front().rules.front();
  EXPECT_EQ(rule.services, management.services);
  EXPECT_EQ(rule.from.ranges, management.from.ranges);
  EXPECT_TRUE(lets_anybody_in(*policy));
}

TEST(Fallback, LetsInNobodyWhenManagementNamesNobody) {
  policies::Management management;
  management.from.is_restricted = true;
  const auto policy = policy_of(management_only(management, Forwarding::denied));
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(lets_anybody_in(*policy));
}

TEST(Fallback, ForwardsNothingWhereThePolicyDidNotLeaveItToOthers) {
  const auto denied = policy_of(management_only(std::nullopt, Forwarding::denied));
  ASSERT_TRUE(denied) << denied.error().message;
  EXPECT_TRUE(policies::forwards(*denied));
  EXPECT_EQ(denied->lists.back().rules.front().verb, policies::Verb::deny);
  EXPECT_TRUE(lets_anybody_in(*denied));
  EXPECT_FALSE(
      policies::forwards(*policy_of(management_only(std::nullopt, Forwarding::left_alone))));
}

// A router: whatever is lost of it, from one network to the other nothing passes unfiltered.
class Router : public KeeperTest {
 protected:
  static PolicyBundle routed() {
    PolicyBundle bundle = policy("tcp/80");
    std::string& text = bundle.files["/p.yaml"].text;
    text.insert(text.find("bans:"), "  lan: { interfaces: [eth1] }\n");
    text += "  lan -> wan:\n    - allow: tcp/443\n";
    return bundle;
  }

  [[nodiscard]] bool is_forwarding_governed() const {
    const auto& chains = kernel_.table()->chains;
    return std::any_of(chains.begin(), chains.end(), [](const auto& chain) {
      return chain.second.hook && chain.second.hook->type == Hook::Type::filter &&
             chain.second.hook->point == Hook::Point::forward &&
             chain.second.hook->policy == Hook::Policy::drop;
    });
  }
};

TEST_F(Router, WithoutItsConfirmedRevisionForwardsNothing) {
  for (const bool is_fallback_there : {true, false}) {
    ASSERT_TRUE(keeper().apply(routed(), {{}, "tester"}));
    ASSERT_TRUE(is_forwarding_governed());
    temp_.write(fmt::format("firewall/revisions/{}/bundle.json", keeper().live_revision()), "{");
    if (!is_fallback_there) std::filesystem::remove(temp_.path("firewall/fallback.json"));
    start();
    EXPECT_TRUE(keeper().is_fallback());
    EXPECT_EQ(open_ports(), Ports{22});
    EXPECT_TRUE(is_forwarding_governed()) << is_fallback_there;
  }
}

TEST_F(Router, WhatToFallBackToIsMadeAnewWhenItIsDamaged) {
  ASSERT_TRUE(keeper().apply(routed(), {{}, "tester"}));
  temp_.write("firewall/fallback.json", "{");
  start();
  EXPECT_TRUE(said_.empty());
  temp_.write("firewall/revisions/1/bundle.json", "{");
  start();
  EXPECT_TRUE(is_forwarding_governed());
}

TEST_F(KeeperTest, WhereThePolicyForwardsNothingTheFallbackLeavesForwardingToOthers) {
  ASSERT_TRUE(apply("tcp/80"));
  temp_.write("firewall/revisions/1/bundle.json", "{");
  start();
  EXPECT_TRUE(keeper().is_fallback());
  for (const auto& [name, chain] : kernel_.table()->chains)
    EXPECT_FALSE(chain.hook && chain.hook->point == Hook::Point::forward) << name;
}

TEST_F(KeeperTest, DriftIsToldAndHealed) {
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_TRUE(keeper().drift()->empty());
  kernel_.lose_table();
  EXPECT_EQ(keeper().drift()->front(), "table inet ravelin is gone: nothing filters");
  ASSERT_TRUE(keeper().heal());
  EXPECT_TRUE(keeper().drift()->empty());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AConcurrentWriterIsMetWithAnotherTry) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.change_elsewhere();
  ASSERT_TRUE(apply("tcp/443"));
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, GoingBackToAnEarlierRevisionMakesANewOne) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443"));
  const auto back = keeper().rollback(1, "tester");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->revision, 3U);
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_FALSE(keeper().rollback({}, "tester"));  // nothing is unconfirmed
  EXPECT_FALSE(keeper().rollback(99, "tester"));
}

TEST_F(KeeperTest, BansTheKernelRefusesAreNotInTheBook) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
  EXPECT_TRUE(keeper().bans().list(times_.wall()).empty());
  const auto never = keeper().ban({*base::parse_prefix("192.0.2.77"), 600s, "", "root", ""});
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, base::Errc::denied);
}

TEST_F(KeeperTest, ManyBansAreOneTransaction) {
  ASSERT_TRUE(apply("tcp/80"));
  const std::size_t before = kernel_.transactions();
  std::vector<BanOrder> orders;
  orders.reserve(100);
  for (int i = 0; i < 100; ++i)
    orders.push_back(
        {*base::parse_prefix(fmt::format("203.0.113.{}", i % 50)), 600s, "", "root", ""});
  const auto answers = keeper().ban_all(orders);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(kernel_.transactions(), before + 1);
  EXPECT_EQ(keeper().bans().list(times_.wall()).size(), 50U);
}

TEST_F(KeeperTest, WhatIsBannedIsToldOnceForItsFlows) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
  EXPECT_FALSE(keeper().ban({*base::parse_prefix("192.0.2.77"), 600s, "", "root", ""}));
  EXPECT_EQ(keeper().take_fresh_bans(), std::vector{*base::parse_prefix("203.0.113.9")});
  EXPECT_TRUE(keeper().take_fresh_bans().empty());
}

TEST_F(KeeperTest, WhyAnswersFromTheBookAndTheKernel) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(
      keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "honeypot", "gateway", "r1"}));
  Service service(keeper(), kernel_, times_);
  for (const char* question :
       {R"({"command":"why","address":"203.0.113.9"})", R"({"command":"why","request_id":"r1"})"}) {
    const Answer answer = service.answer(question);
    EXPECT_EQ(answer.went, Went::done) << answer.text;
    for (const char* part : {R"("reason":"honeypot")", R"("by":"gateway")", R"("in_kernel":true)",
                             R"("set":"ban4)", R"("policy":"1 )"})
      EXPECT_NE(answer.json.find(part), std::string::npos) << part << " in " << answer.json;
  }
  const Answer other = service.answer(R"({"command":"why","address":"203.0.113.10"})");
  EXPECT_EQ(other.went, Went::no);
  const Answer never = service.answer(R"({"command":"why","address":"192.0.2.77"})");
  EXPECT_EQ(never.went, Went::no);
  EXPECT_NE(never.text.find("is never banned"), std::string::npos) << never.text;
  EXPECT_EQ(service.answer(R"({"command":"why"})").went, Went::refused);
  times_.advance(600s);
  EXPECT_EQ(service.answer(R"({"command":"why","request_id":"r1"})").went, Went::no);
}

TEST_F(KeeperTest, OffForgetsTheTableAndWhatWasConfirmed) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().remove());
  EXPECT_FALSE(kernel_.table());
  start();
  EXPECT_FALSE(kernel_.table());
  EXPECT_TRUE(apply("tcp/443"));
}

TEST_F(KeeperTest, RulesEndWithTheirUntil) {
  PolicyBundle bundle = policy("tcp/80");
  std::string& text = bundle.files["/p.yaml"].text;
  const std::size_t at = text.find("    - { allow: [tcp/80], id: web }");
  ASSERT_NE(at, std::string::npos);
  text.insert(
      at, "    - { allow: tcp/9999, until: 2027-01-15T08:00:30Z }\n");  // 30 s after the fake clock
  ASSERT_TRUE(keeper().apply(std::move(bundle), {{}, "tester"}));
  EXPECT_EQ(open_ports(), (Ports{80, 9999}));
  times_.advance(31s);
  ASSERT_TRUE(keeper().expire_rules());
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

class Quarantined : public KeeperTest {
 protected:
  void apply_with_quarantine() {
    PolicyBundle bundle = policy("tcp/80");
    bundle.files["/p.yaml"].text += "quarantine: { user: 998, size: 16 }\n";
    const auto applied = keeper().apply(std::move(bundle), {{}, "tester"});
    ASSERT_TRUE(applied) << applied.error().message;
  }

  static base::IpEndpoint server(std::string_view text) {
    return std::get<base::IpEndpoint>(*base::parse_endpoint(text));
  }

  // How long the kernel keeps this host from a server; none: not at all.
  std::optional<std::chrono::milliseconds> kept_from(std::string_view text) {
    const base::IpEndpoint endpoint = server(text);
    KeyWriter key(2);
    key.add(address_bytes(endpoint.address));
    key.add(port_bytes(endpoint.port));
    const bool is_ipv4 = endpoint.address.family == base::Family::ipv4;
    const auto found =
        kernel_.find(std::string(is_ipv4 ? set_names::kQuarantine4 : set_names::kQuarantine6),
                     std::move(key).take());
    EXPECT_TRUE(found);
    return found && *found ? (*found)->expires : std::nullopt;
  }
};

TEST_F(Quarantined, ServersAreTheOnesThatWereNamedLast) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080"), server("[fd00::5]:80")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  EXPECT_EQ(kept_from("[fd00::5]:80"), 60s);
  EXPECT_EQ(kept_from("10.0.0.5:8081"), std::nullopt);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.6:8080"), server("[fd00::5]:80")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), std::nullopt);
  EXPECT_EQ(kept_from("10.0.0.6:8080"), 60s);
  EXPECT_EQ(keeper().quarantined().size(), 2U);
  ASSERT_TRUE(keeper().quarantine({}, 60s));
  EXPECT_EQ(kept_from("10.0.0.6:8080"), std::nullopt);
  EXPECT_TRUE(keeper().quarantined().empty());
}

TEST_F(Quarantined, ElementsAreMadeAnewOnceHalfOfTheirTimeIsOver) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  const std::size_t before = kernel_.transactions();
  times_.advance(20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kernel_.transactions(), before);
  times_.advance(20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kernel_.transactions(), before + 1);
  EXPECT_EQ(keeper().quarantined().begin()->second, 60s);
}

TEST_F(Quarantined, WhoSetsTheClockChangesNothing) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  times_.set_wall(-3600s);
  times_.advance(40s);
  EXPECT_EQ(keeper().quarantined().begin()->second, 20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  times_.advance(60s);
  EXPECT_TRUE(keeper().quarantined().empty());
}

TEST_F(Quarantined, APolicyWithoutOneForgetsThem) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_TRUE(keeper().quarantine({}, 60s));
  EXPECT_TRUE(keeper().quarantined().empty());
  apply_with_quarantine();
  EXPECT_EQ(kept_from("10.0.0.5:8080"), std::nullopt);
}

TEST_F(Quarantined, ATableThatIsMadeAnewHoldsThem) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  kernel_.lose_table();
  times_.advance(10s);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 50s);
}

TEST_F(Quarantined, WhatTheKernelRefusesChangesNothing) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().quarantine({server("10.0.0.6:8080")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  EXPECT_EQ(keeper().quarantined().begin()->first, server("10.0.0.5:8080"));
}

TEST_F(Quarantined, NeedsAPolicyThatHasOne) {
  ASSERT_TRUE(apply("tcp/80"));
  const auto refused = keeper().quarantine({server("10.0.0.5:8080")}, 60s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the policy has no \"quarantine\": servers cannot be cut off");
  EXPECT_EQ(refused.error().code, base::Errc::not_found);
  EXPECT_TRUE(keeper().quarantine({}, 60s));
}

class Overloaded : public KeeperTest {
 protected:
  void apply_with(std::string_view ports, std::string_view more = "") {
    PolicyBundle bundle = policy("tcp/80");
    bundle.files["/p.yaml"].text +=
        fmt::format("overload: {{ ports: [{}], new: 20/s burst 40{} }}\n", ports, more);
    const auto applied = keeper().apply(std::move(bundle), {{}, "tester"});
    ASSERT_TRUE(applied) << applied.error().message;
  }

  // For how long limits hold on a port; none: they do not.
  std::optional<std::chrono::milliseconds> held(std::uint16_t port,
                                                std::string_view set = set_names::kOverload) {
    const auto found = kernel_.find(std::string(set), port_bytes(port));
    EXPECT_TRUE(found);
    return found && *found ? (*found)->expires : std::nullopt;
  }
};

TEST_F(Overloaded, LimitsHoldWhileItIsSaid) {
  apply_with("80, 443");
  EXPECT_EQ(held(443), std::nullopt);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(80), 60s);
  EXPECT_EQ(held(443), 60s);
  const std::size_t before = kernel_.transactions();
  times_.advance(20s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(kernel_.transactions(), before);
  times_.advance(20s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443), 60s);
  ASSERT_TRUE(keeper().tighten(0s));
  EXPECT_EQ(held(443), std::nullopt);
  EXPECT_EQ(keeper().tightened_for(), 0s);
}

TEST_F(Overloaded, AnotherPolicyAndATableThatIsMadeAnewHoldThem) {
  apply_with("80");
  ASSERT_TRUE(keeper().tighten(60s));
  times_.advance(10s);
  apply_with("443");
  EXPECT_EQ(held(80), std::nullopt);
  EXPECT_EQ(held(443), 50s);
  kernel_.lose_table();
  times_.advance(10s);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(held(443), 40s);
}

TEST_F(Overloaded, HandshakesAreAnsweredMeanwhileAndCookiesTakenALittleLonger) {
  apply_with("80, 443", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443, set_names::kSynproxy), 60s);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 70s);
  EXPECT_EQ(held(80, set_names::kSynproxy), std::nullopt);
  ASSERT_TRUE(keeper().tighten(0s));
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 10s);
}

TEST_F(Overloaded, AnotherPolicyAnswersForItsOwnPorts) {
  apply_with("443, 80", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  times_.advance(10s);
  apply_with("443, 80", ", synproxy: 80");
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(80, set_names::kSynproxy), 50s);
  EXPECT_EQ(held(80, set_names::kSynproxyAck), 60s);
  apply_with("443, 80");
  EXPECT_EQ(held(80), 50s);
  apply_with("443, 80", ", synproxy: 443");
  EXPECT_EQ(held(443, set_names::kSynproxy), 50s);
}

TEST_F(Overloaded, AnotherAgentAnswersOnceItIsSaidAgainAndTakesWhatIsUnderWay) {
  apply_with("443", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  start();
  EXPECT_EQ(held(443), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 70s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443, set_names::kSynproxy), 60s);
}

TEST_F(Overloaded, WhatTheKernelRefusesChangesNothing) {
  apply_with("80");
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().tighten(60s));
  EXPECT_EQ(held(80), std::nullopt);
  EXPECT_EQ(keeper().tightened_for(), 0s);
}

TEST_F(Overloaded, NeedsAPolicyThatHasOne) {
  ASSERT_TRUE(apply("tcp/80"));
  const auto refused = keeper().tighten(60s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the policy has no \"overload\": nothing can be tightened");
  EXPECT_TRUE(keeper().tighten(0s));
}

}  // namespace
}  // namespace ravelin::firewall
