// From what TLS has signed to what a token signs: tokens are given digests, and pad nothing. Any
// thread.
#pragma once

#include "certs/handles.h"
#include "certs/token/sign_form.h"

#include <cstdint>
#include <span>

namespace ravelin::certs {

struct TokenInput {
  SignKind kind = SignKind::ecdsa;
  Bytes input;
};

// `structure` under a SignatureScheme (RFC 8446 section 4.2.3) by the key of this public half.
// Error (Errc::invalid): a scheme that is not of TLS 1.2 or 1.3, or of another type of key.
base::Result<TokenInput> token_form(std::uint16_t scheme, std::span<const unsigned char> structure,
                                    EVP_PKEY* public_key);

}  // namespace ravelin::certs
