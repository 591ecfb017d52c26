// `feeds` and `bans`: the lists of addresses a policy does not write down itself. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

bool read_feed_section(const yaml::Value& value, Scope& scope, std::vector<Feed>& feeds);
Bans parse_bans(yaml::Map map, Scope& scope);

}  // namespace ravelin::policies
