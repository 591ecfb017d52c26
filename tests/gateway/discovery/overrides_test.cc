#include "gateway/discovery/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using std::chrono::sys_seconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'795'000'000s};

ServerConfig named_server(const std::string& name, ServerSource source = ServerSource::config) {
  ServerConfig config;
  config.name = name;
  config.address = *base::parse_endpoint("10.0.0.1:80");
  config.source = source;
  return config;
}

OverrideKey key(const std::string& name) {
  return {"web", name, OverrideKind::state};
}

OverrideSet set_of(std::initializer_list<OverrideEdits> all) {
  OverrideSet set;
  for (const OverrideEdits& edits : all)
    apply_edits(edits, set);
  return set;
}

TEST(Overrides, SayWhatAServerBeginsWith) {
  const OverrideSet set = set_of({edits_to_set_state(key("a"), AdminState::maint, kNow),
                                  edits_to_set_weight(key("a"), 7, 3, kNow)});
  EXPECT_EQ(ordered_state(set, "web", "a"), AdminState::maint);
  EXPECT_EQ(ordered_state(set, "web", "b"), AdminState::ready);
  EXPECT_EQ(ordered_state(set, "api", "a"), AdminState::ready);
  EXPECT_EQ(ordered_weight(set, "web", "a", 3), 7U);
  EXPECT_EQ(ordered_weight(set, "web", "a", 4), std::nullopt);  // another one is configured now
  EXPECT_EQ(ordered_weight(set, "web", "b", 3), std::nullopt);
}

TEST(Overrides, AreTakenBackByTheirOpposite) {
  OverrideSet set = set_of({edits_to_set_state(key("a"), AdminState::drain, kNow),
                            edits_to_set_weight(key("a"), 7, 3, kNow),
                            edits_to_remove("web", named_server("b"), kNow)});
  EXPECT_EQ(set.size(), 3U);
  apply_edits(edits_to_set_state(key("a"), AdminState::ready, kNow), set);
  apply_edits(edits_to_set_weight(key("a"), std::nullopt, 3, kNow), set);
  apply_edits(edits_to_restore("web", "b"), set);
  EXPECT_THAT(set, IsEmpty());
}

TEST(Overrides, OfMembersAreThoseOfTheirPoolTheOldestFirst) {
  const OverrideSet set = set_of({edits_to_add("web", named_server("z"), kNow),
                                  edits_to_add("web", named_server("y"), kNow + 5s),
                                  edits_to_add("web", named_server("x"), kNow - 5s),
                                  edits_to_add("webb", named_server("w"), kNow),
                                  edits_to_remove("web", named_server("q"), kNow),
                                  edits_to_set_state(key("p"), AdminState::drain, kNow)});
  const MemberOrders orders = member_orders(set, "web");
  std::vector<std::string> added;
  for (const ServerConfig& one : orders.added)
    added.push_back(one.name);
  EXPECT_THAT(added, ElementsAre("x", "z", "y"));
  EXPECT_THAT(orders.removed, ElementsAre("q"));
  EXPECT_THAT(member_orders(set, "we").added, IsEmpty());
}

TEST(Overrides, RemovingAnAddedServerForgetsItsOrders) {
  OverrideSet set = set_of({edits_to_add("web", named_server("a"), kNow),
                            edits_to_set_state(key("a"), AdminState::drain, kNow),
                            edits_to_set_weight(key("a"), 7, 3, kNow)});
  apply_edits(edits_to_remove("web", named_server("a", ServerSource::admin), kNow), set);
  EXPECT_THAT(set, IsEmpty());
}

TEST(Overrides, RemovingAFoundServerKeepsItOutAndItsOrders) {
  OverrideSet set = set_of({edits_to_set_state(key("a"), AdminState::drain, kNow)});
  apply_edits(edits_to_remove("web", named_server("a", ServerSource::dns), kNow), set);
  EXPECT_THAT(member_orders(set, "web").removed, ElementsAre("a"));
  EXPECT_EQ(ordered_state(set, "web", "a"), AdminState::drain);
}

struct ListCase {
  const char* name;
  OverrideSet in_force;
  OverrideSet saved;
  std::vector<std::string> rows;
};

TEST(Overrides, AreListedWithWhatTheNextStartBrings) {
  const OverrideSet drained = set_of({edits_to_set_state(key("a"), AdminState::drain, kNow)});
  const OverrideSet rested = set_of({edits_to_set_state(key("a"), AdminState::maint, kNow)});
  const OverrideSet later = set_of({edits_to_set_state(key("a"), AdminState::drain, kNow + 9s)});
  const ListCase rows[] = {
      {"Unsaved", drained, {}, {"web/a drain, not saved"}},
      {"Saved", drained, later, {"web/a drain, saved"}},
      {"Otherwise", drained, rested, {"web/a drain, saved otherwise: maint"}},
      {"TakenBack", {}, rested, {"web/a maint, taken back"}},
      {"Nothing", {}, {}, {}},
  };
  for (const ListCase& row : rows) {
    std::vector<std::string> shown;
    for (const OverrideRow& one :
         list_overrides(row.in_force, row.saved, [](const OverrideKey&) { return false; }))
      shown.push_back(fmt::format("{}/{} {}, {}", one.pool, one.server, one.what, one.saved));
    EXPECT_THAT(shown, ElementsAreArray(row.rows)) << row.name;
  }
  const auto idle =
      list_overrides(drained, {}, [](const OverrideKey& one) { return one.server == "a"; });
  EXPECT_TRUE(idle.at(0).is_idle);
  EXPECT_EQ(idle.at(0).since, "2026-11-18T11:06:40Z");
}

}  // namespace
}  // namespace ravelin::gateway
