// Elements of sets as messages of a batch, written attribute by attribute: a million take
// milliseconds, where an object each would take hundreds. A message holds as many as 65,535 bytes
// of one attribute allow; the two ends of an interval never part. One thread.
#pragma once

#include "base/result.h"
#include "firewall/diff/transaction.h"
#include "firewall/kernel/batch.h"
#include "firewall/kernel/set_shape.h"

#include <string_view>

namespace ravelin::firewall {

enum class ElementChange : std::uint8_t {
  add,             // one that is there already is an error
  add_or_refresh,  // … is left as it is (from Linux 6.12 on its time begins anew)
  remove,          // one that is not there is an error
};

// Error: a key of the wrong length, or an interval that ends before it begins.
Result<> encode_elements(Batch& batch, std::size_t step, std::string_view set,
                         const SetShape& shape, const std::vector<Element>& elements,
                         ElementChange change);

// Into a set of addresses without timeout or data of its own elements.
Result<> encode_block(Batch& batch, std::size_t step, std::string_view set, const KeyBlock& block);

// The key of the element an error points at: `offset` bytes into one of the messages made above.
// Empty: none there.
ByteSpan key_at(ByteSpan message, std::size_t offset);

}  // namespace ravelin::firewall
