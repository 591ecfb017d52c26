// Many chains and sets of like names, as lowering makes them: whatever of them changes, each stands
// in the table under a name of its own, and what packets meet is what was wanted.
#include "firewall/diff/change.h"
#include "firewall/diff/numbered_name.h"
#include "firewall/diff/stages.h"
#include "tests/firewall/diff/table_in_memory.h"
#include "tests/firewall/ruleset/build.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ravelin::firewall {
namespace {

constexpr std::size_t kElements = 40;  // so many elements that a set is not changed in place

// "w", "w_1", "w_2", … the way Lowering::name cuts them.
std::string like(std::string_view stem, std::size_t number) {
  if (number == 0) return std::string(stem.substr(0, 31));
  const std::string suffix = fmt::format("_{}", number);
  return std::string(stem.substr(0, 31 - suffix.size())) + suffix;
}

// Elements that only this version of the set with this number has.
std::vector<Element> elements(std::size_t number, unsigned version) {
  std::vector<Element> made;
  for (std::size_t i = 0; i < kElements; ++i)
    made.push_back(
        build::element(build::number(Field::ip_saddr, version << 24 | number << 12 | i)));
  return made;
}

// For each number a chain that looks into a set, and a base chain that asks all of them in turn.
Ruleset lists(std::string_view stem, const std::vector<unsigned>& versions) {
  Ruleset ruleset;
  Chain input = build::base_chain(
      "input", {Hook::Type::filter, Hook::Point::input, 0, Hook::Policy::drop}, {});
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const std::string set = like(fmt::format("a_{}", stem), i);
    const std::string chain = like(fmt::format("w_{}", stem), i);
    ruleset.sets.push_back(build::set(set, {Field::ip_saddr}, elements(i, versions[i])));
    ruleset.chains.push_back(build::chain(
        chain, {build::rule({Lookup{{{Field::ip_saddr, 0}}, set, false}, build::drop()},
                            fmt::format("p.yaml:{} {}", i, versions[i]))}));
    input.rules.push_back(build::rule({build::jump(chain)}));
  }
  ruleset.chains.push_back(std::move(input));
  return ruleset;
}

// What a packet meets, without names.
std::string way(const Ruleset& ruleset) {
  std::string text;
  for (const Rule& rule : ruleset.find_chain("input")->rules) {
    const Chain* chain = ruleset.find_chain(chains_of(rule).at(0));
    if (chain == nullptr || chain->rules.size() != 1) return text + "?";
    const Set* set = ruleset.find_set(sets_of(chain->rules[0]).at(0));
    text += chain->rules[0].comment;
    for (const Element& element : set->elements)
      text += fmt::format(" {:02x}", fmt::join(element.key, ""));
    text += "\n";
  }
  return text;
}

template <class Named>
std::size_t names(const std::vector<Named>& things) {
  std::set<std::string> found;
  for (const Named& thing : things)
    found.insert(thing.name);
  return found.size();
}

// The table and what its keeper takes it for.
class Kept {
 public:
  explicit Kept(const Ruleset& wanted) : live_(wanted) {
    EXPECT_EQ(table_.apply(create(wanted)), std::nullopt);
  }

  void become(const Ruleset& wanted) {
    const Ruleset target = with_fresh_chains(live_, wanted);
    const Stages steps = stages(live_, target);
    for (const Transaction* part : {&steps.prepare, &steps.flip, &steps.clean})
      ASSERT_EQ(table_.apply(*part), std::nullopt);
    live_ = placed(live_, target);
    EXPECT_EQ(names(live_.chains), wanted.chains.size());
    EXPECT_EQ(names(live_.sets), wanted.sets.size());
    EXPECT_EQ(table_.state().chains.size(), wanted.chains.size());
    EXPECT_EQ(table_.state().sets.size(), wanted.sets.size());
    EXPECT_EQ(way(table_.state()), way(wanted));
    EXPECT_EQ(way(live_), way(wanted));
  }

  [[nodiscard]] const Ruleset& live() const { return live_; }

 private:
  TableInMemory table_;
  Ruleset live_;
};

constexpr std::string_view kStems[] = {"wan_host", "a_zone_name_with_many_letters"};

TEST(Names, OfOthersAreLeftToThemWhenTheFirstChanges) {
  for (const std::string_view stem : kStems) {
    SCOPED_TRACE(stem);
    std::vector<unsigned> versions(15, 1);
    Kept kept(lists(stem, versions));
    for (unsigned turn = 2; turn < 40; ++turn) {
      versions[0] = turn;
      kept.become(lists(stem, versions));
    }
  }
}

TEST(Names, AreUniqueWhateverChanges) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<unsigned> versions(1 + random() % 30, 1);
    const std::string_view stem = kStems[seed % 2];
    Kept kept(lists(stem, versions));
    for (unsigned turn = 2; turn < 14; ++turn) {
      if (random() % 3 == 0) versions.resize(1 + random() % 30, turn);
      for (unsigned& version : versions)
        version = random() % 4 == 0 ? turn : version;
      // One that now has what another had before must not take its name as well.
      if (versions.size() > 2 && random() % 2 == 0) versions[1] = versions[0];
      kept.become(lists(stem, versions));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Names, StayWhereNothingChanges) {
  std::vector<unsigned> versions(15, 1);
  Kept kept(lists("wan_host", versions));
  versions[0] = 2;
  const Ruleset wanted = lists("wan_host", versions);
  kept.become(wanted);
  EXPECT_NE(kept.live().find_chain("w_wan_host_15"), nullptr);
  EXPECT_NE(kept.live().find_set("a_wan_host_15"), nullptr);
  EXPECT_EQ(with_fresh_chains(kept.live(), wanted).chains[0].name, "w_wan_host_15");
  EXPECT_TRUE(stages(kept.live(), with_fresh_chains(kept.live(), wanted)).is_empty());
}

// Two chains that are alike, and one in the table that both could be.
TEST(Names, AChainThatIsThereIsOneChainOnly) {
  const auto lookalikes = [](std::vector<std::string> comments) {
    Ruleset ruleset;
    Chain input = build::base_chain(
        "input", {Hook::Type::filter, Hook::Point::input, 0, Hook::Policy::drop}, {});
    for (std::size_t i = 0; i < comments.size(); ++i) {
      ruleset.chains.push_back(
          build::chain(like("w", i), {build::rule({build::drop()}, comments[i])}));
      input.rules.push_back(build::rule({build::jump(like("w", i))}));
    }
    ruleset.chains.push_back(std::move(input));
    return ruleset;
  };
  const Ruleset live = lookalikes({"a", "b"});
  for (const auto& comments : std::vector<std::vector<std::string>>{
           {"b", "b"}, {"b", "a"}, {"b", "b", "b"}, {"b", "c", "b"}}) {
    const Ruleset wanted = lookalikes(comments);
    TableInMemory table;
    ASSERT_EQ(table.apply(create(live)), std::nullopt);
    const Ruleset target = with_fresh_chains(live, wanted);
    EXPECT_EQ(names(placed(live, target).chains), wanted.chains.size());
    EXPECT_EQ(table.apply(change(live, target)), std::nullopt);
    EXPECT_EQ(table.state().chains.size(), wanted.chains.size());
  }
}

TEST(NumberedName, HasAtMost31CharactersAndIsToldFromOthers) {
  const std::string longest(31, 'x');
  for (const std::string& name : {std::string("w"), std::string(28, 'x'), longest}) {
    for (const int number : {1, 9, 10, 99, 100, 9999, kNumberMax}) {
      const std::string numbered = numbered_name(name, number);
      EXPECT_LE(numbered.size(), 31);
      EXPECT_TRUE(is_numbered_name(numbered, name)) << numbered;
      EXPECT_FALSE(is_numbered_name(numbered, name.substr(1) + "y")) << numbered;
    }
    EXPECT_FALSE(is_numbered_name(name, name));
  }
  for (const char* other : {"w", "w_", "w_0", "w_01", "w_x", "w_1x", "w_1_1", "w1", "w_9999999"})
    EXPECT_FALSE(is_numbered_name(other, "w")) << other;
}

TEST(NameIndex, FindsWhatIsAnotherWithANumberInTheirOrder) {
  const std::string longest(31, 'x');
  const std::vector<std::string> names = {"w_10",
                                          "w_9",
                                          "w",
                                          "w_100",
                                          "w_2_1",
                                          "v_3",
                                          numbered_name(longest, 10),
                                          numbered_name(longest, 2)};
  const NameIndex index(names);
  EXPECT_EQ(index.find("w_100"), 3);
  EXPECT_EQ(index.find("w_11"), std::nullopt);
  EXPECT_EQ(index.numbered("w"), (std::vector<std::size_t>{1, 0, 3}));
  EXPECT_EQ(index.numbered(longest), (std::vector<std::size_t>{7, 6}));
  EXPECT_TRUE(index.numbered("w_9").empty());
}

}  // namespace
}  // namespace ravelin::firewall
