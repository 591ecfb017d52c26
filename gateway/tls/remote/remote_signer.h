// One key of the key process as TLS uses it: what OpenSSL wants signed is taken apart, and only its
// parts are sent.
#pragma once

#include "gateway/tls/remote/remote_keys.h"

namespace ravelin::gateway {

class RemoteSigner final : public Signer {
 public:
  RemoteSigner(std::shared_ptr<RemoteKeys> keys, messages::KeyRef key, messages::TlsSide side)
      : keys_(std::move(keys)), key_(std::move(key)), side_(side) {}

  void sign(SignRequest request, std::shared_ptr<PendingSignature> pending) override;
  Signature sign_now(const SignRequest& request) override;

 private:
  [[nodiscard]] std::optional<messages::SignRequest> to_message(const SignRequest& request) const;

  std::shared_ptr<RemoteKeys> keys_;
  messages::KeyRef key_;
  messages::TlsSide side_;
};

// The bytes of a fingerprint in hexadecimal ("ab01…"), as CertificateInfo has it.
messages::Bytes fingerprint_bytes(std::string_view hex);

}  // namespace ravelin::gateway
