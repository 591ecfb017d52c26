// Ending flows, with a table of flows in memory.
#include "firewall/control/cut_flows.h"

#include "policies/parse/parse.h"
#include "tests/firewall/control/fake_conntrack.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace ravelin::firewall {
namespace {

using ::testing::HasSubstr;

policies::Policy cut_policy() {
  base::Diagnostics diagnostics;
  return policies::parse_policy(
             "policy: v1\nzones: { wan: { interfaces: [wan0] } }\n"
             "rules:\n  wan -> host:\n    - allow: https\n",
             {}, diagnostics)
      .policy;
}

Flow flow(std::uint16_t from, std::uint16_t to) {
  Flow made;
  made.original = {*base::parse_ip("203.0.113.9"), *base::parse_ip("192.0.2.254"), policies::kTcp,
                   from, to};
  made.reply = {made.original.destination, made.original.source, policies::kTcp, to, from};
  made.has_reply = true;
  return made;
}

class CutFlowsTest : public ::testing::Test {
 protected:
  CutFlows cut(FlowUse use) {
    const auto routes = []() -> Result<Routes> {
      return Routes{{{*base::parse_prefix("192.0.2.254"), 255, true, {"wan0"}},
                     {*base::parse_prefix("0.0.0.0/0"), 254, false, {"wan0"}}}};
    };
    Surroundings around{&table_, routes};
    around.end_sockets = [this](std::span<const Flow> flows) -> Result<std::size_t> {
      if (are_sockets_kept_) return base::fail(base::Errc::denied, "no");
      for (const Flow& flow : flows)
        EXPECT_NE(std::ranges::find(table_.flows, flow), table_.flows.end()) << to_string(flow);
      ended_.insert(ended_.end(), flows.begin(), flows.end());
      return flows.size();
    };
    return cut_flows(around, cut_policy(), {}, {}, use);
  }

  FakeConntrack table_;
  std::vector<Flow> ended_;
  bool are_sockets_kept_ = false;
};

TEST_F(CutFlowsTest, EndsWhatIsDeniedAndTellsIt) {
  table_.flows = {flow(1, 443), flow(2, 22), flow(3, 443)};
  const CutFlows done = cut(FlowUse::end);
  EXPECT_EQ(table_.flows, (std::vector{flow(1, 443), flow(3, 443)}));
  EXPECT_EQ(done.denied, 1u);
  EXPECT_EQ(done.removed, 1u);
  EXPECT_EQ(cut_flows_text(done, FlowUse::end),
            "Established flows that it denies, ended:\n"
            "  tcp 203.0.113.9:2 -> 192.0.2.254:22, denied by the end of the lists\n");
}

TEST_F(CutFlowsTest, EndsSocketsWhileTheirFlowsAreKnown) {
  table_.flows = {flow(1, 443), flow(2, 22)};
  EXPECT_EQ(cut(FlowUse::end).trouble, "");
  EXPECT_EQ(ended_, std::vector{flow(2, 22)});
  table_.flows = {flow(3, 22)};
  are_sockets_kept_ = true;
  const CutFlows done = cut(FlowUse::end);
  EXPECT_EQ(done.trouble, "sockets of this host were not ended: no");
  EXPECT_TRUE(table_.flows.empty());
}

TEST_F(CutFlowsTest, LookingAndKeepingEndNothing) {
  table_.flows = {flow(2, 22)};
  for (const FlowUse use : {FlowUse::only_look, FlowUse::keep}) {
    const CutFlows told = cut(use);
    EXPECT_EQ(told.denied, 1u);
    EXPECT_EQ(told.removed, 0u);
    EXPECT_EQ(table_.flows.size(), 1u);
    EXPECT_TRUE(ended_.empty());
  }
}

TEST_F(CutFlowsTest, AHundredAreListedAndAllAreEnded) {
  for (std::uint16_t port = 1; port <= 150; ++port)
    table_.flows.push_back(flow(port, 22));
  const CutFlows done = cut(FlowUse::end);
  EXPECT_TRUE(table_.flows.empty());
  EXPECT_EQ(done.lines.size(), kFlowsToldMax);
  EXPECT_EQ(done.removed, 150u);
  EXPECT_THAT(cut_flows_text(done, FlowUse::end), HasSubstr("  and 50 more\n"));
}

TEST_F(CutFlowsTest, TroubleIsTold) {
  table_.is_silent = true;
  const CutFlows done = cut(FlowUse::end);
  EXPECT_THAT(cut_flows_text(done, FlowUse::end),
              HasSubstr("established flows go on, whatever it says of them: the kernel"));
  EXPECT_TRUE(cut_flows_json(done).contains("trouble"));
}

TEST_F(CutFlowsTest, WithoutATableThereIsNothingToTell) {
  const CutFlows done = cut_flows({}, cut_policy(), {}, {}, FlowUse::end);
  EXPECT_EQ(cut_flows_text(done, FlowUse::end), "");
}

}  // namespace
}  // namespace ravelin::firewall
