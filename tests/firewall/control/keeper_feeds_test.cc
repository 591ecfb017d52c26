// Feeds whose files are gone, bad or old: what was read last holds, over lives of the process.
#include "tests/firewall/control/keeper_life.h"

#include <filesystem>

namespace ravelin::firewall {
namespace {

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
  [[nodiscard]] std::size_t dropped(std::string_view feed = "drop") const {
    std::size_t count = 0;
    for (const auto& [name, set] : kernel_.table()->sets) {
      if (name.starts_with(feed_set_name(feed, FeedPart::hosts4))) count += set.elements.size();
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

TEST_F(NeedsItsFeed, ListsOfLikeNamesAreEachFilledWithTheirOwn) {
  const std::string first = "a-list-of-a-name-that-is-long-1", second = first + "1";
  const std::vector<std::string> names = {"bad-hosts", "bad_hosts", first, second};
  PolicyBundle bundle = policy("tcp/80");
  std::string& text = bundle.files["/p.yaml"].text;
  std::string feeds, rules, entries;
  for (std::size_t i = 0; i < names.size(); ++i) {
    entries += fmt::format("198.51.100.{}\n", i + 1);
    temp_.write(names[i], entries);
    feeds += fmt::format("  {}: {{ file: {} }}\n", names[i], temp_.path(names[i]));
    rules += fmt::format("    - {{ deny: any, from: feed/{} }}\n", names[i]);
  }
  text.insert(text.find("    - { allow:"), rules);
  text.insert(text.find("rules:"), "feeds:\n" + feeds);
  const auto applied = keeper().apply(std::move(bundle), {{}, "tester"});
  ASSERT_TRUE(applied) << applied.error().message;
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(dropped(names[i]), i + 1) << names[i];
  temp_.write(names[1], "198.51.100.1\n");
  EXPECT_EQ(*keeper().refresh_feeds(), std::vector<std::string>{names[1]});
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(dropped(names[i]), i == 1 ? 1 : i + 1) << names[i];
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

}  // namespace
}  // namespace ravelin::firewall
