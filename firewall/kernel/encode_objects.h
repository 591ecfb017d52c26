// Tables, chains and sets as messages of a batch, through libnftnl. One thread.
#pragma once

#include "base/result.h"
#include "firewall/diff/transaction.h"
#include "firewall/kernel/batch.h"

#include <cstdint>
#include <optional>

namespace ravelin::firewall {

// How many elements a set is announced with, which is its limit from then on; 0: none is announced.
// A plain set has room for half more than the `count` put into it at first (at least 16): unsized
// it would grow from three buckets. Sets of intervals are trees and need none.
std::uint32_t announced_size(const Set& set, std::size_t count);

// NFT_SET_* as nft sets them.
std::uint32_t set_flags(const Set& set);

// Bytes of a key in the kernel: of a lone field as many as it has, else each padded to four.
std::size_t key_bytes(const Set& set);

// `flags`: none leaves them as they are.
Result<> encode_table(Batch& batch, std::size_t step, const PutTable& table,
                      std::optional<std::uint32_t> flags);
// `id` is unique in the batch. Error: a set the kernel or nft could not take.
Result<> encode_set(Batch& batch, std::size_t step, const Set& set, std::uint32_t id,
                    std::uint32_t size);
Result<> encode_chain(Batch& batch, std::size_t step, const Chain& chain);

// Messages that only name something of our table: NFT_MSG_DELTABLE without `name`, DELSET and
// DELSETELEM (all elements) of a set, DELCHAIN and DELRULE (all rules) of a chain.
void encode_removal(Batch& batch, std::size_t step, std::uint16_t type, std::string_view name);

}  // namespace ravelin::firewall
