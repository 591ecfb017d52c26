#include "gateway/tls/remote/remote_signer.h"

#include "certs/signing/signed_structure.h"

#include <algorithm>
#include <charconv>

namespace ravelin::gateway {

std::optional<messages::SignRequest> RemoteSigner::to_message(const SignRequest& request) const {
  auto message = certs::read_structure(request.structure, side_);
  if (!message) return std::nullopt;
  message->key = key_;
  message->scheme = request.scheme;
  return message;
}

void RemoteSigner::sign(SignRequest request, std::shared_ptr<PendingSignature> pending) {
  auto message = to_message(request);
  if (message)
    keys_->sign(std::move(*message), pending);
  else
    pending->answer({});
}

Signature RemoteSigner::sign_now(const SignRequest& request) {
  auto message = to_message(request);
  if (!message) return {};
  const auto answer = keys_->ask(std::move(*message));
  return answer ? signature_in(*answer) : Signature();
}

messages::Bytes fingerprint_bytes(std::string_view hex) {
  messages::Bytes bytes;
  for (std::size_t at = 0; at + 2 <= hex.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

}  // namespace ravelin::gateway
