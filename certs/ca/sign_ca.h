// The two certificates of an own authority: the root (P-384, ten years), whose key may lie in a
// safe, and the issuing one below it (P-256, 90 days), which signs everything else. Both carry the
// same name constraints: verifiers that do not ask a root about its own find them in the other.
#pragma once

#include "certs/name_constraints.h"

#include <chrono>
#include <string>

namespace ravelin::certs {

inline constexpr std::chrono::hours kRootLifetime{24 * 3652};
inline constexpr std::chrono::hours kIssuingLifetime{24 * 90};
// A verifier's clock may be behind by so much.
inline constexpr std::chrono::minutes kClockMargin{5};

// A certificate and its key, which match.
struct SigningCa {
  X509Ptr certificate;
  KeyPtr key;
};

Result<SigningCa> make_root(const std::string& name, const NameConstraints& permitted,
                            base::WallTime now);

// A new key, the constraints of the root, no authority below it (pathlen 0), for servers and
// clients of TLS alone. Ends with the root at the latest. Errors: the root has ended.
Result<SigningCa> make_issuing(const std::string& name, const SigningCa& root, base::WallTime now);

// Less than a third of its lifetime is left.
bool is_renewal_due(const CertificateInfo& info, base::WallTime now);

}  // namespace ravelin::certs
