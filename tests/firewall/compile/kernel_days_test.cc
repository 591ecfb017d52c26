#include "firewall/compile/kernel_days.h"

#include "firewall/compile/compile.h"
#include "tests/policies/parse/facts.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

using namespace std::chrono_literals;

TEST(KernelDays, ADayIsOneOrPartsOfTwo) {
  EXPECT_EQ(kernel_day(3, 0min), (std::vector<PartOfDay>{{3, 0s, 24h}}));
  EXPECT_EQ(kernel_day(3, 300min), (std::vector<PartOfDay>{{2, 0s, 5h}, {3, 5h, 24h}}));
  EXPECT_EQ(kernel_day(0, 300min), (std::vector<PartOfDay>{{6, 0s, 5h}, {0, 5h, 24h}}));
  EXPECT_EQ(kernel_day(6, -120min), (std::vector<PartOfDay>{{6, 0s, 22h}, {0, 22h, 24h}}));
}

// The kernel's own reckoning, of every minute of a week.
TEST(KernelDays, AgreeWithTheKernelAtEveryMinute) {
  for (const std::chrono::minutes west : {0min, 60min, 720min, 899min, -60min, -330min, -840min}) {
    for (int minute = 0; minute < 7 * 24 * 60; ++minute) {
      const std::int64_t now = 1'800'000'000 / 60 * 60 + minute * 60;
      const auto of_kernel = static_cast<std::uint8_t>((4 + (now - west.count() * 60) / 86400) % 7);
      const std::chrono::seconds hour(now % 86400);
      for (std::uint8_t day = 0; day < 7; ++day) {
        bool is_in = false;
        for (const PartOfDay& part : kernel_day(day, west))
          is_in |= part.day == of_kernel && part.from <= hour && hour < part.to;
        ASSERT_EQ(is_in, (4 + now / 86400) % 7 == day) << west.count() << ' ' << minute;
      }
    }
  }
}

std::vector<std::string> day_rules(std::chrono::minutes west) {
  policies::Policy policy;
  policy.zones = {{.name = "wan", .interfaces = {"eth0"}}};
  policies::Rule rule;
  rule.verb = policies::Verb::allow;
  rule.when = policies::When{.days = 0x7f & ~0x08};  // not on Wednesdays
  policy.lists = {{.from = {0}, .to = {policies::kHost}, .rules = {rule}}};
  std::vector<std::string> found;
  std::istringstream text(nft_text(compile(policy, {.kernel_west = west}).ruleset));
  for (std::string line; std::getline(text, line);) {
    const std::size_t at = line.find("meta day");
    if (at != std::string::npos) found.push_back(line.substr(at, line.find(" comment") - at));
  }
  return found;
}

TEST(KernelDays, ARuleOfDaysIsLoweredInTheKernelsDays) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(day_rules(0min), Lines{R"(meta day "Wednesday" return)"});
  EXPECT_EQ(day_rules(-120min),
            (Lines{R"(meta day "Wednesday" meta hour "00:00"-"21:59:59" return)",
                   R"(meta day "Thursday" meta hour "22:00"-"23:59:59" return)"}));
}

}  // namespace
}  // namespace ravelin::firewall
