#include "firewall/ruleset/field.h"
#include "firewall/ruleset/ruleset.h"
#include "tests/firewall/ruleset/build.h"
#include "tests/firewall/ruleset/listing_examples.h"

#include <gtest/gtest.h>

#include <set>

namespace ravelin::firewall {
namespace {

TEST(NftText, PrintsATableAsNftListsIt) {
  for (const ListingExample& example : listing_examples())
    EXPECT_EQ(nft_text(example.ruleset), example.text) << example.name;
}

TEST(NftText, LeavesElementsOut) {
  Ruleset ruleset;
  ruleset.sets = {
      build::set("hosts", {Field::ip_saddr}, {build::element(build::address("1.2.3.4"))})};
  EXPECT_EQ(nft_text(ruleset, Elements::left_out),
            "table inet ravelin {\n\tset hosts {\n\t\ttype ipv4_addr\n\t\tsize 8\n\t}\n}\n");
}

// The kernel test proves only what the examples hold.
TEST(NftText, TheExamplesHoldEveryStatementAndField) {
  std::set<std::size_t> statements;
  std::set<Field> fields;
  for (const ListingExample& example : listing_examples()) {
    for (const Chain& chain : example.ruleset.chains) {
      for (const Rule& rule : chain.rules) {
        for (const Statement& statement : rule.statements) {
          statements.insert(statement.index());
          if (const auto* match = std::get_if<Match>(&statement)) fields.insert(match->field);
          if (const auto* range = std::get_if<MatchRange>(&statement)) fields.insert(range->field);
        }
      }
    }
  }
  EXPECT_EQ(statements.size(), std::variant_size_v<Statement>);
  // A cgroup needs a path that exists where the listing is made.
  EXPECT_EQ(fields.size(), static_cast<std::size_t>(Field::count_) - 1);
  EXPECT_FALSE(fields.contains(Field::socket_cgroup));
}

TEST(NftText, PrintsACgroupAsItsNumber) {
  Ruleset ruleset;
  Match match = build::is(Field::socket_cgroup, 4711);
  match.level = 2;
  ruleset.chains = {build::chain("x", {build::rule({match, build::accept()})})};
  EXPECT_NE(nft_text(ruleset).find("\t\tsocket cgroupv2 level 2 4711 accept\n"), std::string::npos);
}

TEST(Ruleset, AnnouncesASizeThatHasRoomForHalfMore) {
  struct SizeCase {
    const char* name;
    std::size_t elements;
    std::uint32_t size;
  };

  const SizeCase cases[] = {{"Empty", 0, 8}, {"Five", 5, 8},     {"Six", 6, 16},
                            {"Ten", 10, 16}, {"Eleven", 11, 16}, {"Hundred", 100, 256}};
  for (const SizeCase& row : cases) {
    Set set = build::set("hosts", {Field::ip_saddr});
    set.elements.resize(row.elements);
    EXPECT_EQ(announced_size(set), row.size) << row.name;
    set.size = 7;
    EXPECT_EQ(announced_size(set), 7) << row.name;
  }
  EXPECT_EQ(announced_size(build::intervals("nets", {Field::ip_saddr}, {})), 0);
}

}  // namespace
}  // namespace ravelin::firewall
