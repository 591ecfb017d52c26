// Between what TLS has signed and what a token signs. Pure; any thread.
#pragma once

#include "base/result.h"

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <span>
#include <vector>

namespace ravelin::certs {

using Bytes = std::vector<unsigned char>;

enum class SignKind : std::uint8_t {
  ecdsa,      // a digest -> a signature in DER (ECDSA-Sig-Value, RFC 3279)
  rsa_pkcs1,  // a DigestInfo -> as long as the modulus
  rsa_raw,    // as long as the modulus, padded already -> the same
};

CK_MECHANISM_TYPE mechanism_of(SignKind kind);

// "CKM_ECDSA"
std::string_view mechanism_name(SignKind kind);

// What the token is given: of a digest longer than the curve's order only the bits that count
// (FIPS 186-4, 6.4), which some tokens leave to their caller.
std::span<const unsigned char> token_input(SignKind kind, std::span<const unsigned char> input,
                                           int key_bits);

// The token's r and s, one behind the other and equally long, in DER. Error: not two positive
// numbers.
base::Result<Bytes> ecdsa_to_der(std::span<const unsigned char> raw);

}  // namespace ravelin::certs
