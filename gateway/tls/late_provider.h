// The OpenSSL provider behind late keys: keys that have a Signer in place of a private half, and
// signatures that ask it with the whole structure to be signed, not its digest. In a library
// context of its own: nothing else in the process can be given its algorithms.
#pragma once

#include "gateway/tls/signing_pause.h"

#include <openssl/evp.h>

#include <memory>

namespace ravelin::gateway {

// A key with the public half of `certificate_key`; nullptr: it is neither EC nor RSA.
certs::KeyPtr make_provided_key(EVP_PKEY* certificate_key, const std::shared_ptr<Signer>& signer);

// Made here?
bool is_provided_key(const EVP_PKEY* key);

// Of this provider in OpenSSL's error queue.
int late_error_library();

}  // namespace ravelin::gateway
