// The signature schemes of TLS that Ravelin's keys sign with (RFC 8446 section 4.2.3; in TLS 1.2
// the same numbers are a hash and a signature, RFC 5246 section 7.4.1.4.1). Any thread.
#pragma once

#include "certs/certificate.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ravelin::certs {

struct SignatureScheme {
  KeyType key_type = KeyType::other;
  const EVP_MD* (*digest)() = nullptr;
  bool is_pss = false;
};

// SHA-256, -384 and -512 with ECDSA, RSA as in PKCS #1 v1.5, and RSA-PSS; nullopt: another one.
std::optional<SignatureScheme> signature_scheme(std::uint16_t number);

// Errors (Errc::invalid): the scheme is none of these or of another type of key.
Result<std::vector<unsigned char>> sign_with_scheme(EVP_PKEY* key, std::uint16_t scheme,
                                                    std::span<const unsigned char> structure);

}  // namespace ravelin::certs
