#include "gateway/tls/token_signer.h"

#include "certs/token/tls_form.h"

#include <future>

namespace ravelin::gateway {
namespace {

// Empty = refused; the token's threads have counted and logged why.
Signature signature_of(base::Result<certs::Bytes> answer) {
  return answer ? std::move(*answer) : Signature();
}

}  // namespace

void TokenSigner::sign(SignRequest request, std::shared_ptr<PendingSignature> pending) {
  auto form = certs::token_form(request.scheme, request.structure, key_->public_key());
  if (!form) {
    pending->answer({});
    return;
  }
  // A handshake that was given up has let go of its half.
  const std::weak_ptr<PendingSignature> waiting = pending;
  pending.reset();
  key_->sign(
      form->kind, std::move(form->input), [waiting] { return !waiting.expired(); },
      [waiting](base::Result<certs::Bytes> answer) {
        if (const auto still = waiting.lock(); still != nullptr)
          still->answer(signature_of(std::move(answer)));
      });
}

Signature TokenSigner::sign_now(const SignRequest& request) {
  auto form = certs::token_form(request.scheme, request.structure, key_->public_key());
  if (!form) return {};
  const auto answered = std::make_shared<std::promise<Signature>>();
  std::future<Signature> answer = answered->get_future();
  key_->sign(
      form->kind, std::move(form->input), [] { return true; },
      [answered](base::Result<certs::Bytes> signature) {
        answered->set_value(signature_of(std::move(signature)));
      });
  return answer.get();
}

}  // namespace ravelin::gateway
