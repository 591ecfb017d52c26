#include "gateway/limit/overload.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway {
namespace {

// The actions as letters: k(eep-alive), r(efuse), s(hed).
OverloadActions actions_of(std::string_view letters) {
  OverloadActions actions;
  for (const char letter : letters) {
    actions.set(letter == 'k'   ? OverloadAction::stop_keep_alive
                : letter == 'r' ? OverloadAction::refuse_connections
                                : OverloadAction::shed_requests);
  }
  return actions;
}

std::string letters_of(OverloadActions actions) {
  std::string letters;
  if (actions.has(OverloadAction::stop_keep_alive)) letters += 'k';
  if (actions.has(OverloadAction::refuse_connections)) letters += 'r';
  if (actions.has(OverloadAction::shed_requests)) letters += 's';
  return letters;
}

struct Row {
  const char* name;
  std::string_view before;
  std::array<std::uint32_t, kOverloadResources> percent;  // memory, descriptors, lag, requests
  std::string_view due;
};

// With the defaults: begin at 85, 92, 98; end at 75, 85, 92.
TEST(Overload, ActsInOrderAndEndsLaterThanItBegan) {
  const Row rows[] = {
      {"nothing is limited", "", {0, 0, 0, 0}, ""},
      {"below everything", "", {84, 84, 0, 0}, ""},
      {"the first begins", "", {0, 85, 0, 0}, "k"},
      {"the second begins", "k", {0, 92, 0, 0}, "kr"},
      {"all at once", "", {98, 0, 0, 0}, "krs"},
      {"beyond the limit", "", {300, 0, 0, 0}, "krs"},
      {"the highest counts", "", {10, 93, 0, 0}, "kr"},
      {"all stay a while", "krs", {93, 0, 0, 0}, "krs"},
      {"the last ends first", "krs", {92, 0, 0, 0}, "kr"},
      {"then the second", "kr", {0, 85, 0, 0}, "k"},
      {"the first stays", "k", {0, 76, 0, 0}, "k"},
      {"all is over", "k", {0, 75, 0, 0}, ""},
      {"what has not begun does not stay", "", {0, 80, 0, 0}, ""},
      {"a late loop keeps its connections", "", {0, 0, 95, 0}, "r"},
      {"a very late loop", "", {0, 0, 100, 0}, "rs"},
      {"requests have a limit of their own", "", {0, 0, 0, 100}, ""},
      {"another resource takes over", "kr", {90, 10, 0, 0}, "kr"},
  };
  for (const Row& row : rows) {
    const OverloadActions due =
        plan_overload(actions_of(row.before), OverloadPressure{row.percent}, OverloadConfig{});
    EXPECT_EQ(letters_of(due), row.due) << row.name;
  }
}

TEST(Overload, AnActionThatIsOffNeverBegins) {
  OverloadConfig config;
  config.refuse_connections = {};
  const OverloadPressure pressure{{100, 0, 0, 0}};
  EXPECT_EQ(letters_of(plan_overload({}, pressure, config)), "ks");
  EXPECT_EQ(letters_of(plan_overload(actions_of("krs"), pressure, config)), "ks");
}

// Every value of pressure, up and down again: an action changes once each way.
TEST(Overload, DoesNotFlap) {
  OverloadActions actions;
  int changes = 0;
  const auto step = [&](std::uint32_t percent) {
    const OverloadActions due = plan_overload(actions, {{percent, 0, 0, 0}}, {});
    changes += due == actions ? 0 : 1;
    actions = due;
  };
  for (std::uint32_t percent = 0; percent <= 100; ++percent)
    step(percent);
  EXPECT_EQ(changes, 3);
  EXPECT_EQ(letters_of(actions), "krs");
  for (std::uint32_t percent = 100; percent-- > 0;)
    step(percent);
  EXPECT_EQ(changes, 6);
  EXPECT_EQ(letters_of(actions), "");
}

TEST(Overload, PercentOfNoLimitIsNone) {
  EXPECT_EQ(percent_of(5, 0), 0U);
  EXPECT_EQ(percent_of(5, 10), 50U);
  EXPECT_EQ(percent_of(~std::uint64_t{0}, 1), 1000U);
}

}  // namespace
}  // namespace ravelin::gateway
