// Which certificate an order says it takes the place of (RFC 9773 section 5), so that the CA counts
// the two as one and its limits let the order pass.
#pragma once

#include "certs/store/store_dir.h"

#include <span>
#include <string>
#include <string_view>

namespace ravelin::certs {

// Whether an order at `issuer` may name what is served: that issuer has signed it, and none of the
// `kept` generations of it is newer, whose order has named it already (a rollback serves such a
// one). Pure.
bool may_replace(const GenerationInfo& served, std::span<const GenerationInfo> kept,
                 std::string_view issuer);

// The records of all generations of a certificate that can be read, oldest first.
std::vector<GenerationInfo> kept_generations(const StoreDir& store, const std::string& name);

// The certID of the certificate that is served for that key type, for an order at `issuer`; "" =
// there is none the order may name.
std::string replaced_id(const StoreDir& store, const std::string& name, PairSlot slot,
                        std::string_view issuer);

}  // namespace ravelin::certs
