// Private keys that live elsewhere: an EVP_PKEY with only the public half, whose signatures come
// from a Signer and may come late. During a handshake with SSL_MODE_ASYNC the signing operation
// pauses its ASYNC_JOB instead of blocking the worker.
//
// How a stream drives it:
//   SSL_do_handshake() fails with SSL_ERROR_WANT_ASYNC  ->  wait until async_wait_fd(ssl) is
//   readable (never read from it), then call SSL_do_handshake() again.
//   Giving up while it waits (deadline, shutdown): abandon_async(ssl) before the SSL is freed, or
//   the paused fiber would leak.
#pragma once

#include "gateway/tls/signing_pause.h"

#include <openssl/ssl.h>

#include <memory>

namespace ravelin::gateway {

// A key with the public half of `certificate_key` that signs through `signer`. Errors: neither EC
// nor RSA.
base::Result<certs::KeyPtr> make_late_key(EVP_PKEY* certificate_key,
                                          const std::shared_ptr<Signer>& signer);

// Made by make_late_key()?
bool is_late_key(const EVP_PKEY* key);

// Is this entry of OpenSSL's error queue a signature that was refused or given up?
bool is_key_refusal(unsigned long error_code);

// The descriptor a paused handshake waits for; -1 when nothing is paused. Owned by the operation.
int async_wait_fd(SSL* ssl);

// Lets a paused handshake fail and end, so that `ssl` can be freed. Nothing is sent. A late answer
// is dropped.
void abandon_async(SSL* ssl);

}  // namespace ravelin::gateway
