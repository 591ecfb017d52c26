// Which live packets a question is about, as rules that mark them. Pure; any thread.
#pragma once

#include "firewall/control/packet_text.h"
#include "firewall/ruleset/ruleset.h"

#include <vector>

namespace ravelin::firewall {

inline constexpr std::size_t kTraceRulesMax = 256;

struct TraceFilter {
  std::vector<Rule> incoming, outgoing;  // statements that match, no verdict
};

// What the words leave out matches everything; `out`, `state` and `uid` are not asked about. At
// most twenty packets a second match. Error: it takes more than kTraceRulesMax rules.
Result<TraceFilter> trace_filter(const AskedPacket& asked, const policies::Policy& policy);

}  // namespace ravelin::firewall
