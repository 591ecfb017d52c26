// One token and the PIN that opens it. Any thread; calls that ask the token wait for it.
#pragma once

#include "base/clock.h"
#include "certs/secret_file.h"
#include "certs/token/token_session.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ravelin::certs {

struct TokenOptions {
  base::Duration retry_first = std::chrono::milliseconds(250);  // after a failure; doubles
  base::Duration retry_max = std::chrono::seconds(30);
  std::function<base::MonoTime()> now = base::mono_now;
};

class Token {
 public:
  // `facts`: as found in one of the module's slots; wherever it is later, it is known by its label,
  // serial number and maker.
  Token(std::shared_ptr<TokenModule> module, const SlotFacts& facts, TokenOptions options);

  [[nodiscard]] const std::string& label() const { return label_; }

  [[nodiscard]] bool is_same(const TokenModule& module, const CK_TOKEN_INFO& token) const;

  // For logins from now on.
  void use_pin(SecretLine pin, std::string file);

  // when_due: after a failure only once the time for another try has come; until then the failure
  // is what one gets.
  enum class Ask : unsigned char { now, when_due };

  // A session, logged in. Errors: the token is away (Errc::unavailable), wants a PIN that is not
  // there, or refuses it: that PIN is not tried again until its file has changed.
  Result<std::unique_ptr<TokenSession>> open(Ask ask);

  // Whether the last try to open a session failed.
  [[nodiscard]] bool is_away() const;

 private:
  Result<std::unique_ptr<TokenSession>> try_open();
  Result<> log_in(TokenModule::Use& module, CK_SESSION_HANDLE session, CK_FLAGS flags);
  void note(const Result<std::unique_ptr<TokenSession>>& outcome, bool was_due, base::MonoTime now);

  std::shared_ptr<TokenModule> module_;
  CK_TOKEN_INFO identity_;
  std::string label_;
  TokenOptions options_;
  mutable std::mutex mutex_;
  SecretLine pin_;
  std::string pin_file_;
  std::optional<base::Error> pin_refused_;
  std::optional<base::Error> away_because_;
  base::MonoTime retry_at_;
  base::Duration retry_after_;
};

}  // namespace ravelin::certs
