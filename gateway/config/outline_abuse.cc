// `abuse` and `overload` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"

namespace ravelin::gateway {
namespace {

void add_thresholds(Outline& out, std::string_view name, const OverloadThresholds& thresholds) {
  if (thresholds.enter == 0) {
    out.word(name, "off");
    return;
  }
  Outline& map = out.map(name);
  map.number("enter", thresholds.enter);
  map.number("leave", thresholds.leave);
}

std::string memory_text(const OverloadConfig& overload) {
  switch (overload.memory) {
    case OverloadConfig::Memory::cgroup:
      return "cgroup";
    case OverloadConfig::Memory::off:
      return "off";
    case OverloadConfig::Memory::fixed:
      break;
  }
  return base::format_bytes(overload.memory_bytes_max);
}

}  // namespace

void add_abuse(Outline& root, const AbuseConfig& abuse) {
  Outline& out = root.map("abuse");
  out.number("budget", abuse.budget);
  out.word("window", base::format_duration(abuse.window));
  out.word("ban", base::format_duration(abuse.ban));
  Outline& never = out.list("never");
  for (const base::IpPrefix& prefix : abuse.never)
    never.text("", base::to_string(prefix));
  out.number("entries", abuse.entries);
}

void add_overload(Outline& root, const OverloadConfig& overload) {
  Outline& out = root.map("overload");
  out.number("requests_max", overload.requests_max);
  out.word("memory_max", memory_text(overload));
  out.word("lag_max", base::format_duration(overload.lag_max));
  add_thresholds(out, "stop_keep_alive", overload.stop_keep_alive);
  add_thresholds(out, "refuse_connections", overload.refuse_connections);
  add_thresholds(out, "shed_requests", overload.shed_requests);
}

}  // namespace ravelin::gateway
