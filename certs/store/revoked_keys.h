// STORE/gateway/revoked/spki: keys that are never served again, a line each. Blocks on the disk.
#pragma once

#include "certs/certificate.h"
#include "certs/store/paths.h"

namespace ravelin::certs {

// None when there is no such file, or no store. Error: it cannot be read.
Result<RevokedKeys> read_revoked_keys(const StorePaths& store);

}  // namespace ravelin::certs
