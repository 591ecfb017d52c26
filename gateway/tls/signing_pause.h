// A signature that may come late: what is asked, the answer under way, and the pause of the
// handshake that waits for it (an ASYNC_JOB). The worker's thread, but for
// PendingSignature::answer().
#pragma once

#include "certs/certificate.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ravelin::gateway {

// What TLS has signed: `structure` is all of it, as RFC 8446 section 4.4.3, RFC 8422 section 5.4 or
// RFC 5246 section 7.4.8 build it. The answer is what goes on the wire.
struct SignRequest {
  std::uint16_t scheme = 0;  // SignatureScheme, RFC 8446 section 4.2.3
  std::vector<unsigned char> structure;
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

// Asks, and pauses the handshake this runs in until the answer is there. nullopt: given up.
std::optional<Signature> obtain(Signer& signer, SignRequest request);

// While one exists on this thread, what is paused gives up when it is resumed.
class GivingUp {
 public:
  GivingUp();
  GivingUp(const GivingUp&) = delete;
  GivingUp& operator=(const GivingUp&) = delete;
  ~GivingUp();
};

}  // namespace ravelin::gateway
