// A transaction as one batch. Pure but for libnftnl's memory; one thread.
#pragma once

#include "firewall/diff/transaction.h"
#include "firewall/kernel/batch.h"
#include "firewall/kernel/set_shape.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// NFT_TABLE_F_* for PutTable: of the table as it is, and of one made anew after a RemoveTable.
struct TableFlags {
  std::optional<std::uint32_t> first;  // none: left as they are
  std::uint32_t anew = 0;
};

// Sets whose elements the transaction changes without describing the set first: their shapes have
// to be asked for.
std::vector<std::string> undescribed_sets(const Transaction& transaction);

// `shapes` holds those of undescribed_sets that exist, and afterwards all that the transaction
// describes. Error: something no kernel takes, with the line of the rule it is in; the batch is
// then of no use.
Result<> encode_transaction(const Transaction& transaction, TableFlags flags, SetShapes& shapes,
                            Batch& batch);

}  // namespace ravelin::firewall
