// Elements of sets as the kernel in memory compares them.
#pragma once

#include "firewall/diff/transaction.h"

#include <vector>

namespace ravelin::firewall {

// Its last key: a lone one is its own end.
const Bytes& last_of(const Element& element);

// Whether a key is in both: of one field as a whole, of a concatenation field by field.
bool overlap(const Set& set, const Element& a, const Element& b);

std::vector<Element> elements_of(const KeyBlock& block);

}  // namespace ravelin::firewall
