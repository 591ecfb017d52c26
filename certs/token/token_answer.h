// What a token's answer means: for people, and for what is done about it. Pure; any thread.
#pragma once

#include "base/result.h"

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <string>

namespace ravelin::certs {

enum class TokenTrouble : std::uint8_t {
  none,
  pin_wrong,   // never tried again with the same PIN
  pin_locked,  // a person has to unlock the token
  mechanism,   // the token or the key does not sign in that way
  key,         // the handle means nothing any more: look for the key again
  session,     // the session or the login is gone: open another
  token,       // the token, its slot or the module is gone or broken
};

TokenTrouble trouble_of(CK_RV answer);

// "the password or PIN is incorrect (CKR 0xa0)"
std::string answer_text(CK_RV answer);

// "WHAT: …"; the code says whether another try can help.
base::Error token_error(CK_RV answer, std::string_view what);

}  // namespace ravelin::certs
