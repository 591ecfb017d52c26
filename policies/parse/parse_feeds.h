// `feeds`, `bans`, `quarantine` and `overload`: what is filled or switched by others than the
// policy. One thread.
#pragma once

#include "policies/parse/scope.h"

#include <vector>

namespace ravelin::policies {

bool read_feed_section(const yaml::Value& value, Scope& scope, std::vector<Feed>& feeds);
Bans parse_bans(yaml::Map map, Scope& scope);
Quarantine parse_quarantine(yaml::Map map, Scope& scope);
Overload parse_overload(yaml::Map map, Scope& scope);

}  // namespace ravelin::policies
