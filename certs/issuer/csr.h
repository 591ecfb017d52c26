// Requests for signature (PKCS#10, RFC 2986) in DER: made for an order, and read by whoever signs.
// Pure but for the random numbers in a signature; any thread.
#pragma once

#include "certs/certificate.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

inline constexpr std::size_t kCsrBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kCsrNamesMax = 100;

// An empty subject and `names` (DNS names in lower case, "*." allowed, IP addresses) as a critical
// subjectAltName, signed with `key`. Errors: no name, too many, one that is neither.
Result<std::string> make_csr(EVP_PKEY* key, std::span<const std::string> names);

// The DER of a request in DER or PEM. Errors: larger than kCsrBytesMax, PEM of something else.
Result<std::string> decode_csr(std::string_view text);

struct ParsedCsr {
  std::vector<std::string> names;  // of the subjectAltName, in its order; addresses as text
  KeyPtr key;                      // the public half
};

// Checks that whoever made it has the key (the signature), and reads the names. The subject and
// other extensions are not looked at. Errors: not one PKCS#10 request and nothing else, a key that
// is too weak (check_key_strength), a wrong signature, no names, too many, the same one twice, a
// name of another kind or that is no host name.
Result<ParsedCsr> parse_csr(std::string_view der);

}  // namespace ravelin::certs
