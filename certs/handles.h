// Owning handles for the OpenSSL objects certificates are made of, and the one way its error queue
// becomes text. No policy here; any thread.
#pragma once

#include "base/handle.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

namespace ravelin::certs {

inline void free_x509_stack(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}

using X509Ptr = base::Handle<X509, X509_free>;
using X509StackPtr = base::Handle<STACK_OF(X509), free_x509_stack>;
using CrlPtr = base::Handle<X509_CRL, X509_CRL_free>;
using KeyPtr = base::Handle<EVP_PKEY, EVP_PKEY_free>;
using BioPtr = base::Handle<BIO, BIO_free_all>;

inline KeyPtr share(EVP_PKEY* key) {
  EVP_PKEY_up_ref(key);
  return KeyPtr(key);
}

inline X509Ptr share(X509* certificate) {
  X509_up_ref(certificate);
  return X509Ptr(certificate);
}

// The reason of the newest entry of this thread's OpenSSL error queue, in lower case ("no start
// line"), and empties the queue. Never contains key material. "unknown error" when it is empty.
std::string take_openssl_error();

}  // namespace ravelin::certs
