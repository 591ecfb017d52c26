// The seam between a certificate and its private key: the gateway asks a KeySource for a key that
// can sign and never knows whether it is in this process.
#pragma once

#include "certs/file.h"
#include "certs/store.h"
#include "certs/token/tokens.h"
#include "gateway/tls/context.h"
#include "gateway/tls/late_key.h"

namespace ravelin::gateway {

class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  // Whether load_pair() is to read the keys of files. What is elsewhere, give_key() gives.
  [[nodiscard]] virtual certs::KeyReading reading() const { return certs::KeyReading::here; }

  // Gives what load_pair() made of these files a key that can sign; where there is none for this
  // certificate, a finding says why in place of the pair. Called when certificates are loaded,
  // never during a handshake: may wait.
  virtual void give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                        const certs::LoadRules& rules) = 0;
};

// Keys read from files into this process, and keys that stay in tokens.
class LocalKeySource final : public KeySource {
 public:
  // `tokens` must outlive it.
  explicit LocalKeySource(certs::Tokens& tokens) : tokens_(tokens) {}

  void give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                const certs::LoadRules& rules) override;

 private:
  certs::Tokens& tokens_;
};

// All keys held by one Signer.
class LateKeySource final : public KeySource {
 public:
  explicit LateKeySource(std::shared_ptr<Signer> signer) : signer_(std::move(signer)) {}

  void give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                const certs::LoadRules& rules) override;

 private:
  std::shared_ptr<Signer> signer_;
};

// load_pair(), and the key.
certs::LoadedPair load_pair_with_key(const certs::PairFiles& files, const certs::LoadRules& rules,
                                     base::WallTime now, KeySource& keys);

// The same in place, or a finding in place of the pair.
void give_signer(certs::LoadedPair& loaded, const std::shared_ptr<Signer>& signer);

// The same chain with a key that signs through `signer`. Errors: neither EC nor RSA.
base::Result<certs::PairPtr> with_signer(const certs::PairPtr& loaded,
                                         const std::shared_ptr<Signer>& signer);

// Contexts that serve this pair need TlsPolicy::key_timing to be no less.
KeyTiming key_timing(const certs::CertificatePair& pair);

}  // namespace ravelin::gateway
