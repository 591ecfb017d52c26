// `management` and `tests`: what must always hold of a policy. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

Management parse_management(yaml::Map map, Scope& scope);

bool read_test_section(const yaml::Value& value, Scope& scope, std::vector<PolicyTest>& tests);

// The rules that tests name in `by` exist. Called when every rule is read.
void check_test_ids(const yaml::Value& section, const Scope& scope,
                    const std::vector<PolicyTest>& tests);

}  // namespace ravelin::policies
