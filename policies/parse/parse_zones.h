// The sections that define names: zones, groups of addresses, services. Groups and services leave
// nothing in the policy: whoever uses one gets what it stands for. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

// `zones`: one entry per name, in the order written, also where one was reported.
bool read_zone_section(const yaml::Value& value, Scope& scope, std::vector<Zone>& zones);

// Reports what is wrong in them, used or not.
bool check_address_section(const yaml::Value& value, Scope& scope);
bool check_service_section(const yaml::Value& value, Scope& scope);

// What only shows across zones: an interface in two of them is an error, networks that overlap a
// warning.
void check_zones(const yaml::Value& section, Scope& scope, const std::vector<Zone>& zones);

}  // namespace ravelin::policies
