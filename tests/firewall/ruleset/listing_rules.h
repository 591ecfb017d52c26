// The rulesets of listing_examples.h that are about rules. One chain of rules each.
#pragma once

#include "firewall/ruleset/ruleset.h"

namespace ravelin::firewall {

Ruleset matches();
Ruleset statements();
Ruleset guards();  // what nft leaves out of a listing, and what it keeps

}  // namespace ravelin::firewall
