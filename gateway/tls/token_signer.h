// A key in a token as TLS uses it: handshakes pause while the token's threads sign.
#pragma once

#include "certs/token/tokens.h"
#include "gateway/tls/late_key.h"

namespace ravelin::gateway {

class TokenSigner final : public Signer {
 public:
  explicit TokenSigner(certs::TokenKeyPtr key) : key_(std::move(key)) {}

  void sign(SignRequest request, std::shared_ptr<PendingSignature> pending) override;
  Signature sign_now(const SignRequest& request) override;

 private:
  certs::TokenKeyPtr key_;
};

}  // namespace ravelin::gateway
