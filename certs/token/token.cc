#include "certs/token/token.h"

#include "base/io/log.h"
#include "certs/token/token_answer.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

bool is_logged_in(TokenModule::Use& module, CK_SESSION_HANDLE session) {
  CK_SESSION_INFO info{};
  return module.functions.C_GetSessionInfo(session, &info) == CKR_OK &&
         (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

}  // namespace

Token::Token(std::shared_ptr<TokenModule> module, const SlotFacts& facts, TokenOptions options)
    : module_(std::move(module)),
      identity_(facts.token),
      label_(label_of(facts.token)),
      options_(std::move(options)),
      retry_after_(options_.retry_first) {}

bool Token::is_same(const TokenModule& module, const CK_TOKEN_INFO& token) const {
  return &module == module_.get() && is_same_token(token, identity_);
}

void Token::use_pin(SecretLine pin, std::string file) {
  const std::lock_guard lock(mutex_);
  if (pin.stamp != pin_.stamp || file != pin_file_) pin_refused_.reset();
  pin_ = std::move(pin);
  pin_file_ = std::move(file);
}

bool Token::is_away() const {
  const std::lock_guard lock(mutex_);
  return away_because_.has_value() || pin_refused_.has_value();
}

Result<std::unique_ptr<TokenSession>> Token::open(Ask ask) {
  const std::lock_guard lock(mutex_);
  if (pin_refused_) return *pin_refused_;
  const base::MonoTime now = options_.now();
  const bool is_due = !away_because_ || now >= retry_at_;
  if (ask == Ask::when_due && !is_due) return *away_because_;
  auto session = try_open();
  // Other tokens of the module lose their sessions by it: not more often than need be.
  const bool may_help = !session && session.error().code == Errc::unavailable;
  if (may_help && is_due && module_->reinitialise()) session = try_open();
  note(session, is_due, now);
  return session;
}

Result<std::unique_ptr<TokenSession>> Token::try_open() {
  const auto slots = module_->slots();
  if (!slots) return slots.error();
  const auto slot = std::ranges::find_if(
      *slots, [this](const SlotFacts& each) { return is_same_token(each.token, identity_); });
  if (slot == slots->end())
    return fail(Errc::unavailable, "token \"{}\" is away: plug it in, or start its service",
                label_);
  TokenModule::Use module = module_->use();
  CK_SESSION_HANDLE handle = 0;
  const CK_RV opened =
      module.functions.C_OpenSession(slot->id, CKF_SERIAL_SESSION, nullptr, nullptr, &handle);
  if (opened != CKR_OK)
    return token_error(opened, fmt::format("opening a session with token \"{}\"", label_));
  auto done = log_in(module, handle, slot->token.flags);
  if (!done) {
    module.functions.C_CloseSession(handle);
    return done.error();
  }
  return std::make_unique<TokenSession>(module_, module.epoch, handle, label_);
}

Result<> Token::log_in(TokenModule::Use& module, CK_SESSION_HANDLE session, CK_FLAGS flags) {
  if ((flags & CKF_LOGIN_REQUIRED) == 0 || is_logged_in(module, session)) return {};
  if (pin_.secret.text().empty())
    return fail(Errc::denied,
                "token \"{}\" wants a PIN: put it into a file of mode 0600 and name that with "
                "pin_file",
                label_);
  if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
    return fail(Errc::denied,
                "token \"{}\" locks with the next wrong PIN, so it is not tried: log in once with "
                "the token's own tool",
                label_);
  // PKCS#11 takes what it only reads as if it might write.
  const std::string& pin = pin_.secret.text();
  auto* bytes = reinterpret_cast<CK_UTF8CHAR_PTR>(const_cast<char*>(pin.data()));
  const CK_RV answer = module.functions.C_Login(session, CKU_USER, bytes, pin.size());
  if (answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN) return {};
  if (trouble_of(answer) == TokenTrouble::pin_locked) {
    pin_refused_ = token_error(
        answer, fmt::format("token \"{}\" is locked after too many wrong PINs: unlock it with the "
                            "token's own tool, then touch {}",
                            label_, pin_file_));
    return *pin_refused_;
  }
  if (trouble_of(answer) == TokenTrouble::pin_wrong) {
    pin_refused_ = token_error(
        answer, fmt::format("token \"{}\" refuses the PIN in {}; it is not tried again until that "
                            "file changes, for tokens lock",
                            label_, pin_file_));
    return *pin_refused_;
  }
  return token_error(answer, fmt::format("logging in to token \"{}\"", label_));
}

void Token::note(const Result<std::unique_ptr<TokenSession>>& outcome, bool was_due,
                 base::MonoTime now) {
  if (outcome) {
    if (away_because_) base::log_info("certs", "a token is there again", {{"token", label_}});
    away_because_.reset();
    retry_after_ = options_.retry_first;
    return;
  }
  if (!away_because_)
    base::log_error("certs", "a token does not let its keys be used",
                    {{"token", label_}, {"reason", outcome.error().message}});
  away_because_ = outcome.error();
  if (!was_due) return;
  retry_at_ = now + retry_after_;
  retry_after_ = std::min(2 * retry_after_, options_.retry_max);
}

}  // namespace ravelin::certs
