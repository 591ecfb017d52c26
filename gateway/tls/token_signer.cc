#include "gateway/tls/token_signer.h"

#include <openssl/rsa.h>

#include <future>

namespace ravelin::gateway {
namespace {

certs::SignKind kind_of(const SignRequest& request) {
  if (request.key_type == certs::KeyType::ec) return certs::SignKind::ecdsa;
  return request.rsa_padding == RSA_PKCS1_PADDING ? certs::SignKind::rsa_pkcs1
                                                  : certs::SignKind::rsa_raw;
}

// Empty = refused; the token's threads have counted and logged why.
Signature signature_of(base::Result<certs::Bytes> answer) {
  return answer ? std::move(*answer) : Signature();
}

}  // namespace

void TokenSigner::sign(SignRequest request, std::shared_ptr<PendingSignature> pending) {
  const certs::SignKind kind = kind_of(request);
  // A handshake that was given up has let go of its half.
  const std::weak_ptr<PendingSignature> waiting = pending;
  pending.reset();
  key_->sign(
      kind, std::move(request.input), [waiting] { return !waiting.expired(); },
      [waiting](base::Result<certs::Bytes> answer) {
        if (const auto still = waiting.lock(); still != nullptr)
          still->answer(signature_of(std::move(answer)));
      });
}

Signature TokenSigner::sign_now(const SignRequest& request) {
  const auto answered = std::make_shared<std::promise<Signature>>();
  std::future<Signature> answer = answered->get_future();
  key_->sign(
      kind_of(request), request.input, [] { return true; },
      [answered](base::Result<certs::Bytes> signature) {
        answered->set_value(signature_of(std::move(signature)));
      });
  return answer.get();
}

}  // namespace ravelin::gateway
