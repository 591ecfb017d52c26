// `abuse`, `firewall` and `overload` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/words.h"

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

void add_trigger(Outline& out, const AbuseTrigger& trigger) {
  out.text("name", trigger.name);
  if (!trigger.statuses.empty()) {
    Outline& statuses = out.list("statuses");
    for (const auto& [low, high] : trigger.statuses)
      statuses.text("", low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high));
  } else if (!trigger.paths.empty()) {
    Outline& paths = out.list("paths");
    for (const std::string& path : trigger.paths)
      paths.text("", path);
  } else {
    out.word("event", word_of(kAbuseEvents, trigger.event));
  }
  out.number("count", trigger.count);
  out.word("window", base::format_duration(trigger.window));
}

}  // namespace

void add_abuse(Outline& root, const AbuseConfig& abuse) {
  Outline& out = root.map("abuse");
  out.number("budget", abuse.budget);
  out.word("window", base::format_duration(abuse.window));
  out.word("ban", base::format_duration(abuse.ban));
  out.number("ban_factor", abuse.ban_factor);
  out.word("ban_max", base::format_duration(abuse.ban_max));
  out.word("forget", base::format_duration(abuse.forget));
  Outline& never = out.list("never");
  for (const base::IpPrefix& prefix : abuse.never)
    never.text("", base::to_string(prefix));
  out.number("entries", abuse.entries);
  Outline& triggers = out.list("triggers");
  for (const AbuseTrigger& trigger : abuse.triggers)
    add_trigger(triggers.map(""), trigger);
}

void add_firewall(Outline& root, const FirewallConfig& firewall) {
  Outline& out = root.map("firewall");
  out.flag("manage", firewall.manages);
  out.text("policy", firewall.policy);
  out.text("state", firewall.state);
  out.flag("bans", firewall.takes_bans);
  out.text("socket", firewall.socket);
}

void add_overload(Outline& root, const OverloadConfig& overload) {
  Outline& out = root.map("overload");
  out.number("requests_max", overload.requests_max);
  out.word("memory_max", memory_text(overload));
  out.word("lag_max", base::format_duration(overload.lag_max));
  add_thresholds(out, "stop_keep_alive", overload.stop_keep_alive);
  add_thresholds(out, "refuse_connections", overload.refuse_connections);
  add_thresholds(out, "shed_requests", overload.shed_requests);
  if (!overload.kernel) return;
  Outline& kernel = out.map("kernel");
  kernel.number("new_per_second", overload.kernel->new_per_second);
  kernel.number("burst", overload.kernel->burst);
  if (overload.kernel->synproxy.empty()) return;
  Outline& synproxy = kernel.list("synproxy");
  for (const std::string& listener : overload.kernel->synproxy)
    synproxy.text("", listener);
  kernel.number("mss", overload.kernel->mss);
}

}  // namespace ravelin::gateway
