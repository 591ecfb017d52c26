#include "firewall/control/fallback.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ravelin::firewall {
namespace {

std::string services_text(const std::vector<policies::ServiceTerm>& services) {
  std::vector<std::string> terms;
  terms.reserve(services.size());
  for (const policies::ServiceTerm& term : services)
    terms.push_back(policies::to_string(term));
  return terms.empty() ? "any" : fmt::format("[{}]", fmt::join(terms, ", "));
}

std::string sources_text(const policies::AddressMatch& from) {
  std::vector<std::string> ranges;
  ranges.reserve(from.ranges.size());
  for (const policies::AddressRange& range : from.ranges)
    ranges.push_back(fmt::format("\"{}\"", policies::to_string(range)));
  return fmt::format("[{}]", fmt::join(ranges, ", "));
}

// Without services and sources of its own, a policy is managed over ssh. Sources that are named and
// are nobody (a name without addresses) are not everybody.
std::string rule_of(const std::optional<policies::Management>& management) {
  if (!management) return "{ allow: ssh }";
  if (management->from.is_restricted && management->from.ranges.empty()) return "{ deny: any }";
  std::string rule = fmt::format("{{ allow: {}", services_text(management->services));
  if (management->from.is_restricted) rule += ", from: " + sources_text(management->from);
  return rule + " }";
}

}  // namespace

PolicyBundle management_only(const std::optional<policies::Management>& management,
                             Forwarding forwarding) {
  PolicyBundle bundle;
  bundle.path = "/management-only.yaml";
  bundle.directory = "/";
  bundle.files[bundle.path] = {
      "management-only",
      fmt::format("policy: v1\nname: management-only\nzones:\n  net: {{ interfaces: [\"*\"] }}\n"
                  "rules:\n  net -> host:\n    - {}\n{}",
                  rule_of(management),
                  forwarding == Forwarding::denied ? "  net -> net:\n    - { deny: any }\n" : "")};
  return bundle;
}

bool lets_anybody_in(const policies::Policy& fallback) {
  return std::any_of(
      fallback.lists.begin(), fallback.lists.end(), [](const policies::RuleList& list) {
        return std::any_of(list.rules.begin(), list.rules.end(), [](const policies::Rule& rule) {
          return rule.verb == policies::Verb::allow;
        });
      });
}

}  // namespace ravelin::firewall
