// A feed whose file changes is brought up to date by elements; what the kernel then holds is what
// it would hold had it been given the last file at once.
#include "firewall/control/feed_table.h"
#include "firewall/control/prepare.h"
#include "firewall/kernel/netlink_kernel.h"
#include "tests/support/net_namespace.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace ravelin::firewall {
namespace {

constexpr char kPolicy[] = R"(policy: v1
name: feeds
zones: { wan: { interfaces: [wan0] } }
feeds: { list: { file: list.txt } }
rules:
  wan -> host:
    - { deny: any, from: feed/list }
)";

class NoFacts final : public FactFinder {
 public:
  policies::Facts find(const policies::ParsedPolicy& /*policy*/) override { return {}; }
};

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result) << base::to_string(result.error());
  return std::move(*result);
}

// A host with a keeper, in a network namespace and a directory of its own.
class World {
 public:
  World()
      : times_(must(SystemTimes::open())),
        state_(must(StateDir::open(directory_.path("state")))),
        kernel_(must(NetlinkKernel::open())),
        feeds_(times_, state_),
        keeper_(*kernel_, state_, times_, feeds_) {
    directory_.write("policy.yaml", kPolicy);
  }

  // The file appears whole, under its name.
  void write_feed(const std::string& text) { directory_.replace("list.txt", text); }

  Result<Keeper::Applied> apply() {
    base::yaml::DiskLoader loader;
    NoFacts facts;
    base::Diagnostics diagnostics;
    PolicyBundle bundle =
        collect(directory_.path("policy.yaml"), loader, facts, times_.wall(), diagnostics);
    return keeper_.apply(std::move(bundle), {.confirm_within = {}, .by = "test"});
  }

  Keeper& keeper() { return keeper_; }

 private:
  test::TempDir directory_;
  SystemTimes times_;
  StateDir state_;
  std::unique_ptr<NetlinkKernel> kernel_;
  FeedTable feeds_;
  Keeper keeper_;
};

// The addresses in the feed's sets as nft lists them, sorted: hash sets have no order, and sets
// may stand under other names.
std::vector<std::string> listed(const Keeper& keeper) {
  std::vector<std::string> words;
  for (const Set& set : keeper.live()->sets) {
    if (!set.name.starts_with("f_list_")) continue;
    const auto list = test::run_command("nft list set inet ravelin " + set.name);
    EXPECT_EQ(0, list.status) << list.output;
    std::istringstream text(list.output);
    for (std::string word; text >> word;) {
      if (word.find('.') == std::string::npos) continue;
      if (word.back() == ',') word.pop_back();
      words.push_back(word);
    }
  }
  std::ranges::sort(words);
  return words;
}

// Hosts and networks of every length, beside, around and within one another.
std::string random_feed(std::mt19937& random) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    const auto length = 28 + random() % 5;
    text += fmt::format("192.0.{}.{}/{}\n", 2 + random() % 2, random() % 256, length);
  }
  return text;
}

TEST(FeedRefresh, LeavesWhatTheLastFileSays) {
  std::mt19937 random(3);
  std::string last = random_feed(random);
  std::vector<std::string> reached;
  {
    const auto entered = test::NetNamespace::enter();
    ASSERT_TRUE(entered) << entered.error().message;
    World world;
    world.write_feed(last);
    must(world.apply());
    for (int round = 0; round < 50; ++round) {
      last = random_feed(random);
      world.write_feed(last);
      const auto changed = world.keeper().refresh_feeds();
      ASSERT_TRUE(changed) << base::to_string(changed.error());
      ASSERT_EQ(std::vector<std::string>{"list"}, *changed);
    }
    reached = listed(world.keeper());
  }
  const auto entered = test::NetNamespace::enter();
  ASSERT_TRUE(entered);
  World world;
  world.write_feed(last);
  must(world.apply());
  EXPECT_EQ(listed(world.keeper()), reached);
  EXPECT_LT(10U, reached.size());
}

}  // namespace
}  // namespace ravelin::firewall
