// From a store's files to what a view holds. Blocks on the disk: never on a worker's thread.
#pragma once

#include "certs/store/store_dir.h"
#include "certs/view/store_view.h"

#include <functional>
#include <optional>
#include <string>

namespace ravelin::certs {

// Whether a key of that generation is never to be served again.
bool has_revoked_key(const GenerationInfo& info, const RevokedKeys& revoked);

// The generation that is served under that name; nullptr: nothing is (none yet, gone). Errors: its
// files are damaged or open to others, its key is revoked.
Result<HeldPtr> read_held(const StoreDir& store, const std::string& name,
                          const RevokedKeys& revoked, std::uint64_t id,
                          KeyReading keys = KeyReading::here);

// A generation as a view holds it, without its keys if they are read elsewhere. Errors: its PEM is
// broken.
Result<HeldPtr> to_held(const std::string& name, const Generation& generation, std::uint64_t id,
                        KeyReading keys = KeyReading::here);

}  // namespace ravelin::certs
