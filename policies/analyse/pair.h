// One pair of zones ready for questions: its rules in the order met, each with the packets it is
// about. Borrows from the policy. Pure; any thread.
#pragma once

#include "policies/space/rule_boxes.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::policies {

struct PairRule {
  const Rule* rule = nullptr;
  std::vector<Box> possible;  // no packet outside of these meets it
  std::vector<Box> certain;   // those inside meet it while its other conditions hold
  // It has more boxes than are looked at: both lists are empty, and it can be anything.
  bool is_too_large = false;
};

struct Pair {
  const Policy* policy = nullptr;
  ZoneId from = kHost, to = kHost;
  InterfaceClasses classes{};
  AddressRanges sources;  // that may arrive
  std::vector<PairRule> rules;

  // Every packet that may arrive.
  [[nodiscard]] std::vector<Box> everything() const;
};

// Empty: `via` tells too many interfaces apart (interface_classes.h).
std::optional<Pair> pair_of(const Policy& policy, ZoneId from, ZoneId to);
Pair pair_of(const Policy& policy, ZoneId from, ZoneId to, const InterfaceClasses& classes);

// The pairs the policy governs: zone -> host; zone -> zone where it forwards; host -> zone where
// lists begin with `host`.
std::vector<std::pair<ZoneId, ZoneId>> governed_pairs(const Policy& policy);

// "zone wan", "host".
std::string zone_text(const Policy& policy, ZoneId zone);

// Which of two things a final rule does; deny and reject are one.
bool is_allow(const Rule& rule);
bool is_block(const Rule& rule);

}  // namespace ravelin::policies
