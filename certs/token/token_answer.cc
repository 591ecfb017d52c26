#include "certs/token/token_answer.h"

#include "base/text.h"

#include <p11-kit/p11-kit.h>

namespace ravelin::certs {

TokenTrouble trouble_of(CK_RV answer) {
  switch (answer) {
    case CKR_OK:
      return TokenTrouble::none;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
      return TokenTrouble::pin_wrong;
    case CKR_PIN_LOCKED:
      return TokenTrouble::pin_locked;
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
      return TokenTrouble::mechanism;
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
      return TokenTrouble::key;
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OPERATION_ACTIVE:
      return TokenTrouble::session;
    default:
      return TokenTrouble::token;
  }
}

std::string answer_text(CK_RV answer) {
  const char* said = p11_kit_strerror(answer);
  std::string text = said == nullptr ? "unknown answer" : said;
  // A sentence becomes part of one; a name (PKCS#11, PIN) stays as it is.
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z')
    text.front() = base::to_lower(text.substr(0, 1)).front();
  return fmt::format("{} (CKR {:#x})", text, answer);
}

base::Error token_error(CK_RV answer, std::string_view what) {
  const TokenTrouble trouble = trouble_of(answer);
  const bool is_pin = trouble == TokenTrouble::pin_wrong || trouble == TokenTrouble::pin_locked;
  const bool is_final = is_pin || trouble == TokenTrouble::mechanism;
  return base::fail(is_final ? base::Errc::denied : base::Errc::unavailable, "{}: {}", what,
                    answer_text(answer));
}

}  // namespace ravelin::certs
