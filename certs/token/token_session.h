// One session with a token: where keys are found and sign. Used by one thread at a time.
#pragma once

#include "certs/certificate.h"
#include "certs/token/sign_form.h"
#include "certs/token/token_module.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::certs {

class TokenSession {
 public:
  // `token`: its label, for messages.
  TokenSession(std::shared_ptr<TokenModule> module, std::uint64_t epoch, CK_SESSION_HANDLE handle,
               std::string token)
      : module_(std::move(module)), epoch_(epoch), handle_(handle), token_(std::move(token)) {}

  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;
  ~TokenSession();  // closes it

  // False: the module was initialised anew since.
  [[nodiscard]] bool is_current() const;

  // The private key. Errors: there is none (and which there are), several, or one that wants the
  // PIN for each signature.
  [[nodiscard]] Result<CK_OBJECT_HANDLE> find(const KeyUri& uri) const;

  // Nothing where the token does not say.
  [[nodiscard]] std::optional<KeyType> type_of(CK_OBJECT_HANDLE key) const;

  struct Signed {
    CK_RV answer = CKR_OK;
    Bytes raw;  // as the token gives it
  };

  [[nodiscard]] Signed sign(CK_OBJECT_HANDLE key, SignKind kind,
                            std::span<const unsigned char> input) const;

 private:
  using Found = std::vector<CK_OBJECT_HANDLE>;

  // At most `max` objects with these attributes.
  [[nodiscard]] Result<Found> search(TokenModule::Use& module, std::span<CK_ATTRIBUTE> attributes,
                                     CK_ULONG max) const;
  [[nodiscard]] std::string keys_there(TokenModule::Use& module) const;

  std::shared_ptr<TokenModule> module_;
  std::uint64_t epoch_;
  CK_SESSION_HANDLE handle_;
  std::string token_;
};

}  // namespace ravelin::certs
