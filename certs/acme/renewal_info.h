// When a CA would like a certificate renewed (RFC 9773): what it is asked by, and its answer. Pure;
// fuzzed.
#pragma once

#include "certs/certificate.h"
#include "certs/issuer/issuer.h"

#include <string>
#include <string_view>

namespace ravelin::certs::acme {

// certID: base64url(authority key identifier) "." base64url(serial number). Error: the certificate
// has no authority key identifier.
Result<std::string> certificate_id(X509* leaf);

// Errors: not JSON, no window, a time that is none, an end that is not after the start.
Result<RenewalWindow> parse_renewal_info(std::string_view text);

// RFC 3339, any offset, fractions cut off, 1970 to 2200. Error: anything else.
Result<base::WallTime> parse_time(std::string_view text);

}  // namespace ravelin::certs::acme
