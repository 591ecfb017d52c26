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

#include "certs/certificate.h"

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace ravelin::gateway {

// What is to be signed. ECDSA: `input` is the digest, the answer a DER signature. RSA: `input` is
// what the private operation takes with `rsa_padding` (RSA_PKCS1_PADDING: a DigestInfo;
// RSA_NO_PADDING: a block padded already, for PSS), the answer as long as the modulus.
struct SignRequest {
  certs::KeyType key_type = certs::KeyType::ec;
  int rsa_padding = 0;
  std::vector<unsigned char> input;
};

using Signature = std::vector<unsigned char>;  // empty = refused

// One answer under way, shared by the waiting handshake and whoever signs. Exactly one answer().
class PendingSignature {
 public:
  PendingSignature();
  PendingSignature(const PendingSignature&) = delete;
  PendingSignature& operator=(const PendingSignature&) = delete;
  ~PendingSignature();

  // From any thread; wakes the handshake.
  void answer(Signature signature);

  [[nodiscard]] bool is_answered() const { return answered_.load(std::memory_order_acquire); }

  // Only after is_answered().
  [[nodiscard]] const Signature& signature() const { return signature_; }

  // Becomes readable with the answer; -1 when the process is out of descriptors.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  std::atomic<bool> answered_{false};
  Signature signature_;
  int fd_ = -1;
};

// Who holds the key. Called on worker threads, by several at once.
class Signer {
 public:
  Signer() = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  virtual ~Signer() = default;

  // Starts the operation and returns at once; the answer may come before this returns.
  virtual void sign(SignRequest request, std::shared_ptr<PendingSignature> pending) = 0;

  // The same, waited for: when no handshake can be paused (no ASYNC_JOB, or ThreadSanitizer, which
  // cannot follow fibers).
  virtual Signature sign_now(const SignRequest& request) = 0;
};

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
