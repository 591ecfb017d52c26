// Whether a key is in a set: in what the ruleset says, in what another hand put there, and in what
// packets did. Pure; any thread.
#pragma once

#include "firewall/simulate/table_state.h"

#include <chrono>

namespace ravelin::firewall::simulate {

struct Found {
  const Element* element = nullptr;  // none: of an element that packets put there
};

std::optional<Found> find(const Set& set, const Bytes& key, const TableState& state,
                          std::chrono::nanoseconds now);

// The element of a dynamic set for this key, made when it is not there; nullptr: the set is full.
// `update` and a new element count the time from now.
LiveElement* touch(const Set& set, const Bytes& key, const Update& update, TableState& state,
                   std::chrono::nanoseconds now);

}  // namespace ravelin::firewall::simulate
