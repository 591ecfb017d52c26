// Rulesets that together hold every statement, field and kind of set, each with the text nft lists
// it as. The kernel test proves the text; the unit test holds the printer to it.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <string>
#include <vector>

namespace ravelin::firewall {

struct ListingExample {
  std::string name;
  Ruleset ruleset;
  std::string text;
};

std::vector<ListingExample> listing_examples();

}  // namespace ravelin::firewall
