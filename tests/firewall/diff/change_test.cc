#include "firewall/diff/change.h"

#include "firewall/diff/describe.h"
#include "tests/firewall/diff/table_in_memory.h"
#include "tests/firewall/ruleset/build.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

std::vector<Element> hosts(int first, int count) {
  std::vector<Element> elements;
  elements.reserve(static_cast<std::size_t>(count));
  for (int i = first; i < first + count; ++i)
    elements.push_back(
        build::element(build::number(Field::ip_saddr, 0x0a000000 + static_cast<std::uint64_t>(i))));
  return elements;
}

Rule looks_up(const std::string& set) {
  return build::rule({Lookup{{{Field::ip_saddr, 0}}, set, false}, build::accept()}, "p.yaml:3");
}

// A set, a chain that looks into it, one that does not, and a base chain.
Ruleset small() {
  Ruleset ruleset;
  ruleset.comment = "rev 1";
  ruleset.sets = {build::set("hosts", {Field::ip_saddr}, hosts(0, 100))};
  ruleset.chains = {
      build::chain("uses", {looks_up("hosts")}),
      build::chain("other", {build::rule({Counter{}, build::drop()})}),
      build::base_chain("input", {Hook::Type::filter, Hook::Point::input, 0, Hook::Policy::drop},
                        {build::rule({build::jump("uses")}), build::rule({build::jump("other")})})};
  return ruleset;
}

struct ChangeCase {
  const char* name;
  Ruleset wanted;
  const char* described;
};

Ruleset with(void (*edit)(Ruleset&)) {
  Ruleset ruleset = small();
  edit(ruleset);
  return ruleset;
}

TEST(Change, DoesWhatHasToBeDoneAndNoMore) {
  const ChangeCase cases[] = {
      {"Nothing", small(), ""},
      {"ARule", with([](Ruleset& r) { r.chains[1].rules.push_back(build::rule({Counter{}})); }),
       "~ chain other: 1 rule -> 2\n"},
      {"AllRulesOfAChain", with([](Ruleset& r) { r.chains[1].rules.clear(); }),
       "~ chain other: 1 rule -> 0\n"},
      {"ThePolicy", with([](Ruleset& r) { r.chains[2].hook->policy = Hook::Policy::accept; }),
       "~ chain input\n"},
      {"FewElements", with([](Ruleset& r) { r.sets[0].elements = hosts(1, 102); }),
       "~ set hosts: +3 -1 elements\n"},
      {"MostElements", with([](Ruleset& r) { r.sets[0].elements = hosts(50, 100); }),
       "+ set hosts_1: 100 elements\n- set hosts: 100 elements\n~ chain uses: 1 rule -> 1\n"},
      {"MoreThanWasAnnounced", with([](Ruleset& r) { r.sets[0].elements = hosts(0, 300); }),
       "+ set hosts_1: 300 elements\n- set hosts: 100 elements\n~ chain uses: 1 rule -> 1\n"},
      {"TheHeaderOfASet", with([](Ruleset& r) { r.sets[0].has_timeout = true; }),
       "+ set hosts_1: 100 elements\n- set hosts: 100 elements\n~ chain uses: 1 rule -> 1\n"},
      {"ASetLess", with([](Ruleset& r) {
         r.sets.clear();
         r.chains[0].rules.clear();
       }),
       "- set hosts: 100 elements\n~ chain uses: 1 rule -> 0\n"},
      {"AChainLess", with([](Ruleset& r) {
         r.chains.erase(r.chains.begin() + 1);
         r.chains[1].rules.pop_back();
       }),
       "- chain other: 1 rule\n~ chain input: 2 rules -> 1\n"},
      {"ThePriority", with([](Ruleset& r) { r.chains[2].hook->priority = 5; }),
       "~ chain input: 2 rules -> 2\n"},
      {"TheCommentOfTheTable", with([](Ruleset& r) { r.comment = "rev 2"; }), ""},
      {"TheCommentOfAChainThatIsReferredTo", with([](Ruleset& r) { r.chains[0].comment = "x"; }),
       ""},
  };
  for (const ChangeCase& row : cases) {
    TableInMemory table;
    ASSERT_EQ(table.apply(create(small())), std::nullopt);
    const Transaction steps = change(small(), row.wanted);
    EXPECT_EQ(describe(steps, small()), row.described) << row.name;
    EXPECT_EQ(table.apply(steps), std::nullopt) << row.name;
  }
}

TEST(Change, MakesAChainAnewForItsCommentWhereNothingRefersToIt) {
  Ruleset live = small();
  live.chains.push_back(build::chain("about"));
  live.chains.back().comment = "rev 1";
  Ruleset wanted = live;
  wanted.chains.back().comment = "rev 2";
  TableInMemory table;
  ASSERT_EQ(table.apply(create(live)), std::nullopt);
  const Transaction steps = change(live, wanted);
  EXPECT_EQ(steps.size(), 2);
  ASSERT_EQ(table.apply(steps), std::nullopt);
  EXPECT_EQ(table.state().find_chain("about")->comment, "rev 2");
}

TEST(Change, TakesTheFirstNameBackWhenItIsFree) {
  const Ruleset first = small();
  const Ruleset second = with([](Ruleset& r) { r.sets[0].elements = hosts(500, 100); });
  EXPECT_EQ(placed_name(first, second, "hosts"), "hosts_1");
  const Ruleset live = placed(first, second);
  EXPECT_EQ(placed_name(live, second, "hosts"), "hosts_1");
  EXPECT_EQ(placed_name(live, first, "hosts"), "hosts");
}

TEST(Change, NewNamesHaveAtMost31Characters) {
  Ruleset first = small();
  first.sets[0].name = "a_name_of_exactly_31_characters";
  first.chains[0].rules = {looks_up(first.sets[0].name)};
  Ruleset second = first;
  second.sets[0].is_external = true;
  const std::string name = placed_name(first, second, first.sets[0].name);
  EXPECT_EQ(name.size(), 31);
  EXPECT_EQ(name.substr(0, 24), "a_name_of_exactly_31_cha");
}

TEST(Change, LeavesDynamicAndExternalSetsWithWhatIsInThem) {
  Ruleset live = small();
  live.sets = {build::dynamic("bans", {Field::ip_saddr}, 100),
               build::set("feed", {Field::ip_saddr})};
  live.sets[1].is_external = true;
  live.sets[1].size = 10;
  live.chains[0].rules = {looks_up("bans"), looks_up("feed")};
  Ruleset wanted = live;
  wanted.sets[0].comment = "other words";
  wanted.chains[0].rules.pop_back();
  EXPECT_EQ(describe(change(live, wanted), live), "~ chain uses: 2 rules -> 1\n");
  EXPECT_EQ(placed(live, wanted).sets[0].comment, "");
}

TEST(Change, RemovesTheTable) {
  EXPECT_EQ(describe(remove(), small()), "- table ravelin\n");
  EXPECT_EQ(describe(create(small()), {}),
            "+ table ravelin\n+ set hosts: 100 elements\n+ chain uses: 1 rule\n"
            "+ chain other: 1 rule\n+ chain input: 2 rules\n");
}

}  // namespace
}  // namespace ravelin::firewall
