// What others test against refuses what the kernel refuses.
#include "tests/support/fake_kernel.h"

#include <gtest/gtest.h>

#include <memory>

namespace ravelin::firewall {
namespace {

using base::Errc;

Set set_named(std::string name, bool is_interval = false) {
  Set set;
  set.name = std::move(name);
  set.key = {Field::ip_saddr};
  set.is_interval = is_interval;
  return set;
}

Chain chain_named(std::string name) {
  Chain chain;
  chain.name = std::move(name);
  return chain;
}

Element host(std::uint8_t last, std::optional<std::uint8_t> end = {}) {
  Element element;
  element.key = {10, 0, 0, last};
  if (end) element.key_end = {10, 0, 0, *end};
  return element;
}

Rule jump_to(std::string chain) {
  return {{Verdict{Verdict::Kind::jump, std::move(chain)}}, "edge.yaml:3", {"edge.yaml", 3, 5}};
}

const Transaction kBase{PutTable{"one"},
                        PutSet{set_named("hosts")},
                        PutSet{set_named("nets", true)},
                        PutChain{chain_named("web")},
                        PutChain{chain_named("input")},
                        AddElements{"hosts", {host(1)}},
                        AddElements{"nets", {host(10, 20)}},
                        AddRule{"input", jump_to("web")}};

struct Refusal {
  const char* name;
  Transaction steps;
  const char* message;
};

TEST(FakeKernel, RefusesWhatTheKernelRefuses) {
  const std::vector<Refusal> rows{
      {"a chain that is missing",
       {AddRule{"input", jump_to("none")}},
       "edge.yaml:3:5: \"none\" does not exist"},
      {"a set that is missing", {AddElements{"none", {host(1)}}}, "set \"none\" does not exist"},
      {"an element twice",
       {AddElements{"hosts", {host(1)}}},
       "set \"hosts\": an element is there already, or overlaps another"},
      {"an interval that overlaps",
       {AddElements{"nets", {host(20, 30)}}},
       "set \"nets\": an element is there already, or overlaps another"},
      {"an element that is not there",
       {RemoveElements{"hosts", {host(2)}}},
       "set \"hosts\": an element does not exist"},
      {"a chain in use", {RemoveChain{"web"}}, "chain \"web\": is still in use"},
      {"a circle",
       {PutChain{[] {
          Chain base = chain_named("base");
          base.hook = Hook{};
          return base;
        }()},
        AddRule{"base", jump_to("input")}, AddRule{"web", jump_to("input")}},
       "edge.yaml:3:5: jumps lead in a circle, or are more than 16 deep"},
      {"a chain made otherwise",
       {PutChain{[] {
         Chain chain = chain_named("web");
         chain.hook = Hook{};
         return chain;
       }()}},
       "chain \"web\": exists already, with other properties"},
  };
  for (const Refusal& row : rows) {
    FakeKernel kernel;
    ASSERT_TRUE(kernel.apply(kBase, {}));
    const auto before = kernel.table();
    const auto applied = kernel.apply(row.steps, {});
    ASSERT_FALSE(applied) << row.name;
    EXPECT_EQ(base::to_string(applied.error()), row.message) << row.name;
    EXPECT_EQ(kernel.table(), before) << row.name;
  }
}

TEST(FakeKernel, TakesATransactionWholeOrNotAtAll) {
  FakeKernel kernel;
  ASSERT_TRUE(kernel.apply(kBase, {}));
  const auto before = kernel.table();
  const Generation generation = *kernel.generation();
  EXPECT_FALSE(kernel.apply({FlushSet{"hosts"}, FlushChain{"input"}, RemoveSet{"none"}}, {}));
  EXPECT_EQ(kernel.table(), before);
  EXPECT_EQ(*kernel.generation(), generation);
  EXPECT_TRUE(kernel.apply({FlushChain{"input"}, RemoveChain{"web"}}, {}));
  EXPECT_EQ(*kernel.generation(), generation + 1);
  EXPECT_EQ(kernel.ruleset().chains.size(), 1u);
}

TEST(FakeKernel, TryingOutChangesNothing) {
  FakeKernel kernel;
  ASSERT_TRUE(kernel.try_out(kBase));
  EXPECT_FALSE(kernel.table());
  EXPECT_FALSE(kernel.try_out({PutChain{chain_named("x")}}));
}

TEST(FakeKernel, FailsWhereItIsTold) {
  FakeKernel kernel;
  kernel.fail_next_at(2, Errc::denied);
  const auto applied = kernel.apply(kBase, {});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, Errc::denied);
  EXPECT_FALSE(kernel.table());
  EXPECT_TRUE(kernel.apply(kBase, {})) << "once only";
}

TEST(FakeKernel, AnotherWriterMovesTheGeneration) {
  FakeKernel kernel;
  const Generation read = *kernel.generation();
  kernel.change_elsewhere();
  const auto stale = kernel.apply(kBase, read);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::conflict);
  EXPECT_TRUE(kernel.apply(kBase, *kernel.generation()));
  kernel.own_elsewhere(true);
  EXPECT_EQ(kernel.apply({FlushChain{"input"}}, {}).error().code, Errc::denied);
}

TEST(FakeKernel, FindsKeysOfHostsIntervalsAndBlocks) {
  FakeKernel kernel;
  ASSERT_TRUE(kernel.apply(kBase, {}));
  auto block = std::make_shared<KeyBlock>();
  block->keys = {10, 0, 0, 7, 10, 0, 0, 8};
  ASSERT_TRUE(kernel.apply({AddBlock{"hosts", block}}, {}));
  const auto has = [&](const std::string& set, std::uint8_t last) {
    const auto found = kernel.find(set, {10, 0, 0, last});
    return found && found->has_value();
  };
  EXPECT_TRUE(has("hosts", 1));
  EXPECT_TRUE(has("hosts", 8));
  EXPECT_FALSE(has("hosts", 9));
  EXPECT_TRUE(has("nets", 15));
  EXPECT_FALSE(has("nets", 21));
  EXPECT_FALSE(kernel.find("none", {10, 0, 0, 1}));
  EXPECT_FALSE(kernel.apply({AddBlock{"hosts", block}}, {}));
}

TEST(FakeKernel, ReadsRulesWithWhatTheyCounted) {
  FakeKernel kernel;
  ASSERT_TRUE(kernel.apply(kBase, {}));
  kernel.count("input", "edge.yaml:3", 7, 420);
  const auto live = kernel.read();
  ASSERT_TRUE(live && *live);
  EXPECT_EQ((*live)->comment, "one");
  EXPECT_EQ((*live)->chains, (std::vector<std::string>{"web", "input"}));
  ASSERT_EQ((*live)->rules.size(), 1u);
  EXPECT_EQ((*live)->rules[0].packets, 7u);
  kernel.lose_table();
  EXPECT_FALSE(kernel.read()->has_value());
}

}  // namespace
}  // namespace ravelin::firewall
