// `rules`: lists of rules by pair of zones. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

bool read_rule_section(const yaml::Value& value, Scope& scope, const std::vector<Zone>& zones,
                       std::vector<RuleList>& lists);

}  // namespace ravelin::policies
