#include "cli/firewall/trace.h"

#include "cli/report.h"
#include "firewall/control/trace_filter.h"
#include "firewall/kernel/netlink_kernel.h"
#include "firewall/kernel/trace.h"

#include <boost/json.hpp>

#include <cstdio>
#include <map>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

// The comments of the rules of our table: the lines of the policy they come from.
using TraceLines = std::map<std::uint64_t, std::string>;

base::Result<TraceLines> read_lines() {
  auto kernel = firewall::NetlinkKernel::open();
  if (!kernel) return kernel.error();
  const auto table = (*kernel)->read();
  if (!table) return table.error();
  TraceLines lines;
  if (*table) {
    for (const firewall::RuleCount& rule : (*table)->rules)
      lines[rule.handle] = rule.comment;
  }
  return lines;
}

std::string line_of(const firewall::TraceStep& step, const TraceLines& lines) {
  if (step.family != "inet" || step.table != firewall::kTableName) return {};
  const auto line = lines.find(step.handle);
  return line == lines.end() ? std::string() : line->second;
}

void print_step(const firewall::TraceStep& step, const std::string& line, OutputForm form) {
  if (form == OutputForm::json) {
    print(json::serialize(json::object{{"packet", step.packet},
                                       {"family", step.family},
                                       {"table", step.table},
                                       {"chain", step.chain},
                                       {"rule", line},
                                       {"verdict", step.verdict}}) +
          "\n");
  } else {
    const bool is_ours = step.table == firewall::kTableName;
    print(fmt::format("{:08x}  {}{}: {}{}\n", step.packet,
                      is_ours ? "" : fmt::format("{} {} ", step.family, step.table), step.chain,
                      line.empty() ? "" : line + ": ", step.verdict));
  }
  std::fflush(stdout);
}

}  // namespace

ExitCode trace(const firewall::AskedPacket& asked, const policies::Policy& policy,
               std::chrono::nanoseconds length, OutputForm form) {
  const auto filter = firewall::trace_filter(asked, policy);
  if (!filter) return report(filter.error());
  const auto lines = read_lines();
  if (!lines) return report(lines.error());
  auto watched = firewall::PacketTrace::start(filter->incoming, filter->outgoing);
  if (!watched) return report(watched.error());
  print_error("looking for packets; the table inet ravelin_trace is there meanwhile\n");
  const auto until = std::chrono::steady_clock::now() + length;
  bool has_come = false;
  while (true) {
    const auto step = watched->next(until);
    if (!step) return report(step.error());
    if (!*step) break;
    if ((*step)->table == firewall::kTraceTableName) continue;  // only marks them
    has_come = true;
    print_step(**step, line_of(**step, *lines), form);
  }
  if (!has_come) print_error("no such packet came\n");
  return has_come ? ExitCode::done : ExitCode::no;
}

}  // namespace ravelin::cli
