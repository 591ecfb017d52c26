// New private keys, and which keys a certificate may be asked for. Generating an RSA key takes
// seconds: never on a worker's thread.
#pragma once

#include "certs/certificate.h"

#include <cstdint>
#include <string_view>

namespace ravelin::certs {

enum class KeyKind : std::uint8_t { p256, p384, rsa2048, rsa3072, rsa4096 };

inline constexpr std::string_view kKeyKinds[] = {"p256", "p384", "rsa2048", "rsa3072", "rsa4096"};

inline std::string_view text_of(KeyKind kind) {
  return kKeyKinds[static_cast<std::size_t>(kind)];
}

// The words of kKeyKinds. Errors name them.
Result<KeyKind> parse_key_kind(std::string_view text);

// Errors: OpenSSL has no entropy or no memory.
Result<KeyPtr> generate_key(KeyKind kind);

// P-256, P-384, and RSA of 2,048 to 8,192 bits with an exponent of at least 65537; any other key is
// an error. The public half is enough.
Result<> check_key_strength(const EVP_PKEY* key);

}  // namespace ravelin::certs
