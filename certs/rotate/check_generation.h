// Whether a generation may be served: every pair is fit (validate_pair.h), covers what is wanted,
// has no revoked key, and shakes hands. Fills in what its record says of the pairs, and leaves
// their texts in the form a store keeps: certificates alone, a key in PKCS#8. Any thread but a
// worker's.
#pragma once

#include "certs/store.h"
#include "certs/store/generation.h"
#include "certs/validate_pair.h"
#include "certs/view/held_certificate.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

struct CheckRules {
  std::vector<std::string> wanted;  // names it has to cover
  const RevokedKeys& revoked;
  PairUse use = PairUse::server;
  base::WallTime now;
};

// The warnings of a generation that may be served. Errors: all that is wrong, with codes.
Result<std::vector<PairFinding>> check_generation(Generation& generation, const CheckRules& rules);

}  // namespace ravelin::certs
