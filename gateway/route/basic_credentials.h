// The user name and password of a request (RFC 7617). Pure; any thread.
#pragma once

#include "gateway/http/fields.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::size_t kCredentialBytesMax = 512;  // name, colon and password

struct BasicCredentials {
  enum class Kind : std::uint8_t {
    none,       // no Authorization, or of another scheme
    malformed,  // two of them, no base64, no colon, a control character, too long
    given,
  };

  Kind kind = Kind::none;
  std::string user;
  std::string password;
};

BasicCredentials read_basic_credentials(const FieldList& fields);

// In a time that depends on the lengths alone.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ravelin::gateway
