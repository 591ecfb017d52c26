#include "firewall/control/line_counts.h"

#include "firewall/compile/compile.h"

#include <map>

namespace ravelin::firewall {

std::vector<LineCount> line_counts(const LiveTable& table) {
  std::vector<LineCount> lines;
  std::map<std::string, std::size_t> known;
  for (const RuleCount& rule : table.rules) {
    if (rule.comment.empty() || rule.chain == kRevisionChain) continue;
    const auto [place, is_new] = known.emplace(rule.comment, lines.size());
    if (is_new) lines.push_back({rule.comment, 0, 0});
    lines[place->second].packets += rule.packets;
    lines[place->second].bytes += rule.bytes;
  }
  return lines;
}

}  // namespace ravelin::firewall
