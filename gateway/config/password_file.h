// The users of a route with basic_auth: names and password hashes, as in a htpasswd file. Pure; any
// thread. Passwords themselves never come near it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kPasswordFileBytesMax = 1024 * 1024;

struct PasswordUser {
  std::string name;
  std::string hash;  // of a form crypt(3) verifies, and slowly
};

struct PasswordFile {
  std::vector<PasswordUser> users;  // by name

  [[nodiscard]] const PasswordUser* find(std::string_view name) const;
};

struct PasswordFault {
  int line = 0;
  std::string message;  // never holds what stands in the line
};

// Lines "name:hash" or "name:hash:anything"; empty ones and those that begin with "#" say nothing.
// A hash is yescrypt ($y$), bcrypt ($2a$ $2b$ $2y$), SHA-512 ($6$) or SHA-256 ($5$). Everything
// else is a fault, as is a name twice, none at all, or more than 10,000.
PasswordFile parse_password_file(std::string_view text, std::vector<PasswordFault>& faults);

}  // namespace ravelin::gateway
