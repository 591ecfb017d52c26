// What the kernel refused, in words, at the line of the policy that caused it. Pure; any thread.
#pragma once

#include "firewall/diff/transaction.h"
#include "firewall/kernel/batch.h"
#include "firewall/kernel/replies.h"
#include "firewall/kernel/set_shape.h"

#include <string_view>

namespace ravelin::firewall {

// Errc::kernel with the text of an errno; Errc::denied and conflict where it says so.
base::Error fail_number(int number, std::string_view doing);

// Of the errors to a batch the one that names a message, in words: which step, which element or
// which name in it, and why; at its line, where a rule in the transaction tells. `errors` is not
// empty. `others`: how many more there were.
base::Error explain(const std::vector<KernelError>& errors, std::size_t others, const Batch& batch,
                    const Transaction& transaction, const SetShapes& shapes);

}  // namespace ravelin::firewall
