// Certificates that were taken back, by their serial numbers: no older generation that has one is
// served again, and one that is served is renewed. Their keys are another matter
// (StoreDir::revoke_key). Blocks on the disk.
#pragma once

#include "certs/store/generation.h"
#include "certs/store/paths.h"

#include <set>
#include <string>
#include <string_view>

namespace ravelin::certs {

// As PairFacts has them.
using RevokedSerials = std::set<std::string, std::less<>>;

// None where nothing was taken back yet.
Result<RevokedSerials> revoked_serials(const StorePaths& paths);

// On the disk when it returns. No error when it is there already.
Result<> add_revoked_serial(const StorePaths& paths, const std::string& serial);

// Pure. An imported one is another's to take back: its serials are not looked at.
bool has_revoked_serial(const GenerationInfo& info, const RevokedSerials& revoked);

}  // namespace ravelin::certs
