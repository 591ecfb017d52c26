// "lan, vpn -> wan, dmz": which zones a list of rules is about. One thread.
#pragma once

#include "policies/parse/names.h"

namespace ravelin::policies {

// Fills text, from, to, from_any and to_any of `list`. False when something was reported; `value`
// is the list of rules, `key` what it stands under.
bool read_zone_pair(const yaml::Value& value, const yaml::Member& key, const Names& names,
                    RuleList& list);

}  // namespace ravelin::policies
