// An OCSP response to staple to a certificate (RFC 6960, RFC 6066 section 8): read from DER and
// held against the certificate it is for. Pure; any thread.
#pragma once

#include "base/clock.h"
#include "certs/certificate.h"

#include <memory>
#include <string>
#include <string_view>

namespace ravelin::certs {

inline constexpr std::size_t kStapleBytesMax = std::size_t{64} * 1024;

// A response that says "good" about one certificate, signed by whoever may say so.
struct Staple {
  std::string der;
  base::WallTime next_update;  // not to be served from then on
};

using StaplePtr = std::shared_ptr<const Staple>;

// Errors, as what is wrong with it: not a response, an error of the responder, about another
// certificate, not "good", a signature that does not verify, not valid now, without an end. The
// chain must hold the issuer of its leaf, which the signature is verified by.
Result<StaplePtr> parse_staple(std::string_view der, const Chain& chain, base::WallTime now);

}  // namespace ravelin::certs
