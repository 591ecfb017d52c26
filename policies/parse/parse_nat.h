// `nat`: masquerade, snat, forward, redirect. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

bool read_nat_section(const yaml::Value& value, Scope& scope, std::vector<NatRule>& nat);

}  // namespace ravelin::policies
