// base64url without padding (RFC 4648 section 5), as JOSE and ACME write bytes. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

std::string to_base64url(std::string_view bytes);

// Errors: a character outside the alphabet, padding, a length no bytes have.
base::Result<std::string> from_base64url(std::string_view text);

}  // namespace ravelin::certs
