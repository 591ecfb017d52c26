// Whatever a table is and whatever is wanted: the transaction is one the kernel takes, what comes
// out is what was wanted, and what did not have to change was not touched.
#include "firewall/diff/change.h"
#include "tests/firewall/diff/random_ruleset.h"
#include "tests/firewall/diff/table_in_memory.h"
#include "tests/firewall/ruleset/build.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

bool is_filled_elsewhere(const Set& set) {
  return set.is_dynamic || set.is_external;
}

// As the table in memory has it: sizes announced, sorted, without what other hands put in.
Ruleset comparable(Ruleset ruleset) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  for (Set& set : ruleset.sets) {
    set.size = announced_size(set);
    if (is_filled_elsewhere(set)) set.elements.clear();
  }
  std::sort(ruleset.sets.begin(), ruleset.sets.end(), by_name);
  std::sort(ruleset.chains.begin(), ruleset.chains.end(), by_name);
  return ruleset;
}

// The same but for the names of sets, and comments, which the kernel does not change.
Ruleset without_names(Ruleset ruleset) {
  ruleset.comment.clear();
  for (Set& set : ruleset.sets) {
    set.name.clear();
    set.size = 0;
    set.comment.clear();
  }
  for (Chain& chain : ruleset.chains) {
    chain.comment.clear();
    for (Rule& rule : chain.rules) {
      for (Statement& statement : rule.statements) {
        if (auto* lookup = std::get_if<Lookup>(&statement)) lookup->set.clear();
        if (auto* lookup = std::get_if<VerdictLookup>(&statement)) lookup->map.clear();
        if (auto* update = std::get_if<Update>(&statement)) update->set.clear();
      }
    }
  }
  return ruleset;
}

const Element& foreign_element() {
  static const Element element = build::element(build::address("203.0.113.7"));
  return element;
}

void fill_all(TableInMemory& table) {
  for (const Set& set : Ruleset(table.state()).sets) {
    if (is_filled_elsewhere(set) && set.elements.empty()) table.fill(set.name, foreign_element());
  }
}

// Chains that a step names; a chain that did not change is in none.
std::set<std::string> touched_chains(const Transaction& transaction) {
  std::set<std::string> names;
  for (const Step& step : transaction) {
    if (const auto* flush = std::get_if<FlushChain>(&step)) names.insert(flush->name);
    if (const auto* removal = std::get_if<RemoveChain>(&step)) names.insert(removal->name);
    if (const auto* rule = std::get_if<AddRule>(&step)) names.insert(rule->chain);
    if (const auto* put = std::get_if<PutChain>(&step)) names.insert(put->chain.name);
  }
  return names;
}

void expect_untouched(const Ruleset& live, const Ruleset& after, const Transaction& steps) {
  const std::set<std::string> touched = touched_chains(steps);
  for (const Chain& chain : after.chains) {
    const Chain* before = live.find_chain(chain.name);
    if (before != nullptr && *before == chain) EXPECT_FALSE(touched.contains(chain.name));
    const bool is_removed = std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
      const auto* removal = std::get_if<RemoveChain>(&step);
      return removal != nullptr && removal->name == chain.name;
    });
    const bool stays = before != nullptr && before->hook && chain.hook &&
                       before->hook->priority == chain.hook->priority;
    if (stays) EXPECT_FALSE(is_removed) << chain.name;
  }
}

void expect_contents_kept(const Ruleset& before, const TableInMemory& table) {
  for (const Set& set : table.state().sets) {
    const Set* old = before.find_set(set.name);
    if (!is_filled_elsewhere(set) || old == nullptr) continue;
    EXPECT_EQ(set.elements, old->elements) << set.name;
  }
}

TEST(ChangeProperty, TakesAnyTableToAnyOther) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    TableInMemory table;
    Ruleset live = random_ruleset(random);
    ASSERT_EQ(table.apply(create(live)), std::nullopt);
    ASSERT_EQ(table.state(), comparable(live));
    for (int turn = 0; turn < 5; ++turn) {
      fill_all(table);
      const Ruleset wanted =
          turn % 2 == 0 ? random_ruleset(random) : mutated(random_ruleset(random), random);
      const Ruleset next = turn == 3 ? mutated(live, random) : wanted;
      const Transaction steps = change(live, next);
      const Ruleset after = placed(live, next);
      const Ruleset before = table.state();
      ASSERT_EQ(table.apply(steps), std::nullopt) << "turn " << turn;
      ASSERT_EQ(comparable(table.state()), comparable(after)) << "turn " << turn;
      ASSERT_EQ(without_names(after), without_names(next));
      expect_untouched(live, after, steps);
      expect_contents_kept(before, table);
      ASSERT_TRUE(change(after, next).empty());
      live = after;
    }
    ASSERT_EQ(table.apply(remove()), std::nullopt);
    EXPECT_EQ(table.state(), Ruleset());
  }
}

}  // namespace
}  // namespace ravelin::firewall
