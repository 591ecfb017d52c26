// The seam between a certificate and its private key: the gateway asks a KeySource for an EVP_PKEY
// and never knows whether the key is in this process.
#pragma once

#include "certs/store.h"
#include "gateway/tls/context.h"
#include "gateway/tls/late_key.h"

namespace ravelin::gateway {

class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  // The pair as it is to be served: same chain, with a key that can sign. Called when certificates
  // are loaded, never during a handshake. Errors: no key for this certificate.
  virtual base::Result<certs::PairPtr> with_key(const certs::PairPtr& loaded) = 0;

  // may_be_late: contexts that serve its keys need SSL_MODE_ASYNC (TlsPolicy::key_timing).
  [[nodiscard]] virtual KeyTiming timing() const = 0;
};

// Keys read from files into this process.
class FileKeySource final : public KeySource {
 public:
  base::Result<certs::PairPtr> with_key(const certs::PairPtr& loaded) override;

  [[nodiscard]] KeyTiming timing() const override { return KeyTiming::immediate; }
};

// Keys held by a Signer.
class LateKeySource final : public KeySource {
 public:
  explicit LateKeySource(std::shared_ptr<Signer> signer) : signer_(std::move(signer)) {}

  base::Result<certs::PairPtr> with_key(const certs::PairPtr& loaded) override;

  [[nodiscard]] KeyTiming timing() const override { return KeyTiming::may_be_late; }

 private:
  std::shared_ptr<Signer> signer_;
};

}  // namespace ravelin::gateway
