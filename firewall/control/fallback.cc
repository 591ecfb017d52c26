#include "firewall/control/fallback.h"

#include <fmt/ranges.h>

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

// Without services and sources of its own, a policy is managed over ssh.
std::string rule_of(const std::optional<policies::Management>& management) {
  if (!management) return "{ allow: ssh }";
  std::string rule = fmt::format("{{ allow: {}", services_text(management->services));
  if (!management->from.ranges.empty()) rule += ", from: " + sources_text(management->from);
  return rule + " }";
}

}  // namespace

PolicyBundle management_only(const std::optional<policies::Management>& management) {
  PolicyBundle bundle;
  bundle.path = "/management-only.yaml";
  bundle.directory = "/";
  bundle.files[bundle.path] = {
      "management-only",
      fmt::format("policy: v1\nname: management-only\nzones:\n  net: {{ interfaces: [\"*\"] }}\n"
                  "rules:\n  net -> host:\n    - {}\n",
                  rule_of(management))};
  return bundle;
}

}  // namespace ravelin::firewall
