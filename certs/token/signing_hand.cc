#include "certs/token/signing_hand.h"

#include "certs/token/prove_key.h"
#include "certs/token/token_answer.h"

namespace ravelin::certs {
namespace {

using base::Errc;

constexpr int kTries = 3;  // as it is; with the key looked for anew; with another session
constexpr std::size_t kKeysMax = 4'096;

Result<Bytes> to_tls(SignKind kind, Bytes raw) {
  if (kind == SignKind::ecdsa) return ecdsa_to_der(raw);
  return raw;
}

}  // namespace

void SigningHand::drop_session() {
  keys_.clear();
  session_.reset();
}

Result<CK_OBJECT_HANDLE> SigningHand::handle_of(const WantedKey& key) {
  const auto known = keys_.find(key.id);
  if (known != keys_.end()) return known->second;
  auto found = session_->find(key.uri);
  if (!found) return found.error();
  if (auto proven = prove_key(*session_, *found, key.public_key.get(), Proof::quick); !proven)
    return proven.error();
  if (keys_.size() == kKeysMax) keys_.clear();  // most are of certificates long gone
  keys_.emplace(key.id, *found);
  return found;
}

Result<Bytes> SigningHand::sign(const WantedKey& key, SignKind kind,
                                std::span<const unsigned char> input) {
  const auto given = token_input(kind, input, EVP_PKEY_get_bits(key.public_key.get()));
  base::Error why;
  for (int i = 0; i < kTries; ++i) {
    if (session_ != nullptr && !session_->is_current()) drop_session();
    if (session_ == nullptr) {
      auto opened = token_.open(Token::Ask::when_due);
      if (!opened) return opened.error();
      session_ = std::move(*opened);
    }
    const auto handle = handle_of(key);
    if (!handle) {
      why = handle.error();
      if (why.code == Errc::conflict || why.code == Errc::denied) return why;
      drop_session();
      continue;
    }
    TokenSession::Signed made = session_->sign(*handle, kind, given);
    if (made.answer == CKR_OK) return to_tls(kind, std::move(made.raw));
    why = token_error(made.answer, fmt::format("token \"{}\" did not sign", token_.label()));
    const TokenTrouble trouble = trouble_of(made.answer);
    if (trouble == TokenTrouble::mechanism) return why;
    keys_.erase(key.id);
    if (trouble != TokenTrouble::key) drop_session();
  }
  return why;
}

}  // namespace ravelin::certs
