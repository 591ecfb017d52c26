// Taking back a generation: at the CA that signed it, and in the store, so that nothing goes back
// to it; when its key is in other hands, nothing serves that key again. Blocks for as long as the
// CA does.
#pragma once

#include "certs/rotate/rotation.h"

#include <stop_token>
#include <string>
#include <vector>

namespace ravelin::certs {

struct RevocationRequest {
  std::string name;          // of the certificate in the store
  std::uint64_t number = 0;  // 0 = the generation that was served before the present one
  RevocationReason reason = RevocationReason::unspecified;
  std::string by;          // who asks
  bool is_forced = false;  // also what is served
};

struct RevocationResult {
  std::uint64_t number = 0;
  std::string issuer;
  std::vector<std::string> serials;  // that the CA has taken back; none: it was imported
  std::vector<std::string> keys;     // SHA-256 of those that are never served again
};

// For a key in other hands (key_compromise) the keys go first, since no CA has to agree to that:
// when it fails after them, the error says so, and the same call goes on. Errors: no such
// generation; it or its key is served (unless forced); the issuer is not configured; the CA.
Result<RevocationResult> revoke_generation(const RotationParts& parts,
                                           const RevocationRequest& request,
                                           const std::stop_token& stop);

}  // namespace ravelin::certs
