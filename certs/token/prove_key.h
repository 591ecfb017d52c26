// Is a key of a token the one a certificate is for? It is asked to sign, and the certificate's
// public key says.
#pragma once

#include "certs/handles.h"
#include "certs/token/token_session.h"

namespace ravelin::certs {

enum class Proof : unsigned char {
  every_way,  // in which TLS has this type of key sign
  quick,      // in one of them
};

// Errors: Errc::conflict: it is another key; Errc::denied: it does not sign in a way TLS needs;
// else the token did not answer.
Result<> prove_key(const TokenSession& session, CK_OBJECT_HANDLE key, EVP_PKEY* public_key,
                   Proof proof);

}  // namespace ravelin::certs
