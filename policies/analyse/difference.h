// What one policy allows and another does not: the semantic half of a plan. Zones are matched by
// name, rules by what they mean, so moving and commenting change nothing. A path that neither
// policy governs is not told about, nor the essential ICMPv6 unless `icmp: strict` changes. Pure;
// any thread.
#pragma once

#include "policies/model/policy.h"

#include <string>
#include <vector>

namespace ravelin::policies {

struct Difference {
  // "+ tcp/9100 from 10.77.0.0/16 (mgmt) to host is now allowed",
  // "- tcp/22 from any (wan) to host is no longer allowed",
  // "~ tcp/80 from any (wan) to host is now allowed at times only", for owner, when, until, feeds
  // and limits of a rule.
  std::vector<std::string> lines;
  // "networks of zone lan changed", "limit of edge.yaml:30 changed", "forward web (edge.yaml:12) is
  // new".
  std::vector<std::string> notes;
  std::size_t lines_left_out = 0;  // "and K more"
  bool is_complete = true;         // false: there may be more than told, too much to compute

  [[nodiscard]] bool is_empty() const { return lines.empty() && notes.empty() && is_complete; }

  friend bool operator==(const Difference&, const Difference&) = default;
};

Difference difference_between(const Policy& before, const Policy& after,
                              std::size_t lines_max = 50);

}  // namespace ravelin::policies
