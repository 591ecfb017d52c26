// What one thread signs with: a session, and the keys found in it. Whatever goes away is looked for
// anew, and a key signs only after it has been proven to be its certificate's. Waits for the token.
#pragma once

#include "certs/handles.h"
#include "certs/token/token.h"

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace ravelin::certs {

// A key as it was asked for when its certificate was loaded.
struct WantedKey {
  std::uint64_t id;  // of this loading; what another one has found does not count for it
  KeyUri uri;
  KeyPtr public_key;  // the certificate's
};

class SigningHand {
 public:
  // `token` must outlive it.
  explicit SigningHand(Token& token) : token_(token) {}

  // Errors: as Token::open, TokenSession::find and prove_key; the token did not sign.
  Result<Bytes> sign(const WantedKey& key, SignKind kind, std::span<const unsigned char> input);

 private:
  Result<CK_OBJECT_HANDLE> handle_of(const WantedKey& key);
  void drop_session();

  Token& token_;
  std::unique_ptr<TokenSession> session_;
  std::unordered_map<std::uint64_t, CK_OBJECT_HANDLE> keys_;  // in the session, by WantedKey::id
};

}  // namespace ravelin::certs
