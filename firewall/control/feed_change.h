// What is different between two contents of a feed's set. Pure; any thread.
#pragma once

#include "firewall/ruleset/key_block.h"
#include "firewall/ruleset/ruleset.h"

#include <optional>
#include <vector>

namespace ravelin::firewall {

struct FeedChange {
  std::vector<Element> removed;
  KeyBlock added;
};

// None when so much is different that emptying the set and filling it again costs less: more than
// a quarter of what it will hold, but for the smallest sets.
std::optional<FeedChange> feed_change(const KeyBlock& from, const KeyBlock& to);

}  // namespace ravelin::firewall
