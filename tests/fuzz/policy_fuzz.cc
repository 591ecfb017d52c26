// Any bytes as a policy: findings with a place, or a Policy whose parts refer to each other
// rightly; never a throw, a crash or a hang. A NUL byte starts the next file, so includes and the
// library are within reach: the files are /p/main.yaml, /p/a.yaml, /lib/b.yaml.
#include "base/check.h"
#include "policies/parse/parse.h"
#include "tests/base/io/table_loader.h"
#include "tests/policies/parse/facts.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using ravelin::base::Diagnostics;
using ravelin::base::yaml::TableLoader;
using ravelin::policies::AddressMatch;
using ravelin::policies::Policy;
using ravelin::policies::RuleList;

std::map<std::string, std::string> split(std::string_view bytes) {
  std::map<std::string, std::string> files;
  for (const char* name : {"/p/main.yaml", "/p/a.yaml", "/lib/b.yaml"}) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    files[name] = std::string(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (bytes.empty()) break;
  }
  return files;
}

void check_addresses(const Policy& policy, const AddressMatch& match) {
  CHECK(match.is_restricted || (match.ranges.empty() && match.feeds.empty()));
  CHECK(ravelin::policies::normalised(match.ranges) == match.ranges);
  for (const int feed : match.feeds)
    CHECK(feed >= 0 && static_cast<std::size_t>(feed) < policy.feeds.size());
}

void check_policy(const Policy& policy) {
  const auto is_zone = [&](int zone) {
    return zone >= -1 && zone < static_cast<int>(policy.zones.size());
  };
  for (const RuleList& list : policy.lists) {
    CHECK(std::ranges::all_of(list.from, is_zone) && std::ranges::all_of(list.to, is_zone));
    for (const auto& rule : list.rules) {
      check_addresses(policy, rule.from);
      check_addresses(policy, rule.to);
      CHECK(rule.pos.line > 0);
    }
  }
  for (const auto& nat : policy.nat) {
    check_addresses(policy, nat.from);
    CHECK(!nat.via.empty() && nat.to.size() <= 2 && (nat.ipv4 || nat.ipv6));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TableLoader loader(split({reinterpret_cast<const char*>(data), size}));
  Diagnostics diagnostics;
  const auto parsed = ravelin::policies::load_policy(
      "/p/main.yaml", loader, ravelin::policies::full_facts(), diagnostics, {.library = "/lib"});
  for (const auto& finding : diagnostics.findings()) {
    CHECK(!finding.message.empty() && finding.message.size() < 16 * 1024);
    CHECK(finding.pos.line > 0);
  }
  if (!diagnostics.has_errors()) check_policy(parsed.policy);
  return 0;
}
