#include "firewall/control/cut_flows.h"

namespace ravelin::firewall {
namespace {

namespace json = boost::json;

constexpr std::size_t kFlowsAtOnceMax = 50'000;  // that many are in memory
constexpr int kRoundsMax = 64;

// One reading of conntrack: those to end, at most kFlowsAtOnceMax.
Result<std::vector<Flow>> look(const Surroundings& around, FlowJudge& judge, CutFlows& cut) {
  std::vector<Flow> found;
  const auto take = [&](const Flow& flow) {
    if (found.size() >= kFlowsAtOnceMax) return;
    auto by = judge.denied_by(flow);
    if (!by) return;
    ++cut.denied;
    if (cut.lines.size() < kFlowsToldMax) cut.lines.push_back({to_string(flow), std::move(*by)});
    found.push_back(flow);
  };
  if (auto read = around.flows->each(take); !read) return read.error();
  return found;
}

Result<> remove_all(ConntrackTable& table, const std::vector<Flow>& flows, CutFlows& cut) {
  for (const Flow& flow : flows) {
    const auto removed = table.remove(flow);
    if (!removed) return removed.error();
    cut.removed += *removed ? 1 : 0;
  }
  return {};
}

Result<> work(const Surroundings& around, FlowJudge& judge, FlowUse use, CutFlows& cut) {
  for (int round = 0; round < kRoundsMax; ++round) {
    const auto found = look(around, judge, cut);
    if (!found) return found.error();
    if (use != FlowUse::end) return {};
    // First, so that the other side is told under the flow it knows.
    if (around.end_sockets && !found->empty()) {
      if (auto ended = around.end_sockets(*found); !ended)
        cut.trouble = "sockets of this host were not ended: " + ended.error().message;
    }
    if (auto removed = remove_all(*around.flows, *found, cut); !removed) return removed;
    if (found->size() < kFlowsAtOnceMax) return {};
  }
  return base::fail(base::Errc::conflict, "flows that are denied keep coming");
}

}  // namespace

CutFlows cut_flows(const Surroundings& around, const policies::Policy& policy,
                   const std::optional<policies::SshPeer>& peer, std::chrono::sys_seconds now,
                   FlowUse use) {
  CutFlows cut;
  if (around.flows == nullptr || !around.routes) return cut;
  const auto routes = around.routes();
  if (!routes) {
    cut.trouble = base::to_string(routes.error());
    return cut;
  }
  const Paths paths(routes->routes);
  FlowJudge judge(policy, paths, peer, now);
  if (auto done = work(around, judge, use, cut); !done) cut.trouble = base::to_string(done.error());
  cut.unjudged = judge.unjudged();
  return cut;
}

std::string cut_flows_text(const CutFlows& cut, FlowUse use) {
  std::string text;
  if (cut.denied != 0) {
    text += use == FlowUse::end ? "Established flows that it denies, ended:\n"
            : use == FlowUse::keep
                ? "Established flows that it denies go on (--keep-established):\n"
                : "Established flows that it denies:\n";
    for (const CutFlows::Line& line : cut.lines)
      text += fmt::format("  {}, denied by {}\n", line.flow, line.denied_by);
    if (cut.denied > cut.lines.size())
      text += fmt::format("  and {} more\n", cut.denied - cut.lines.size());
  }
  if (cut.unjudged != 0)
    text += fmt::format("{} established flows go on unexamined: the policy has too many rules\n",
                        cut.unjudged);
  if (!cut.trouble.empty())
    text += fmt::format("established flows go on, whatever it says of them: {}\n", cut.trouble);
  return text;
}

json::object cut_flows_json(const CutFlows& cut) {
  json::array list;
  for (const CutFlows::Line& line : cut.lines)
    list.push_back({{"flow", line.flow}, {"denied_by", line.denied_by}});
  json::object object{{"denied", cut.denied},
                      {"ended", cut.removed},
                      {"unexamined", cut.unjudged},
                      {"list", std::move(list)}};
  if (!cut.trouble.empty()) object["trouble"] = cut.trouble;
  return object;
}

}  // namespace ravelin::firewall
