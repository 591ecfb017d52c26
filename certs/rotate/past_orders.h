// What was ordered before, from what the store remembers of a certificate: its history, and the
// generations that are kept.
#pragma once

#include "certs/rotate/order_count.h"
#include "certs/store/generation.h"
#include "certs/store/history.h"
#include "certs/store/store_dir.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// Orders that `issuer` has signed, oldest first. Of a generation that is no longer kept the names
// are taken for `names`. A kept one the history says nothing of counts as ordered when it was made.
// Pure.
std::vector<Orders> past_orders(std::span<const HistoryEntry> history,
                                std::span<const GenerationInfo> kept,
                                const std::vector<std::string>& names, std::string_view issuer);

// The same of a certificate in the store.
std::vector<Orders> past_orders(const StoreDir& store, const std::string& name,
                                const std::vector<std::string>& names, std::string_view issuer);

}  // namespace ravelin::certs
