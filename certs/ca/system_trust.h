// The root of an own authority among those the system trusts, Debian's way: a file below
// /usr/local/share/ca-certificates and update-ca-certificates(8), which is run without a shell.
// Blocks for seconds.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

// Where the system's tree begins: "/", or another one that is mounted (or a test's).
struct SystemTree {
  std::string root = "/";

  [[nodiscard]] std::string path(std::string_view below) const;  // "etc/ssl/certs"
};

// "…/usr/local/share/ca-certificates/ravelin-FINGERPRINT.crt", its first 16 digits.
std::string trust_file(const SystemTree& tree, std::string_view fingerprint);

// The system's bundle holds the root afterwards. Errors: it is not a Debian, no permission, the
// program failed: nothing is left behind then.
Result<> add_trust(const SystemTree& tree, std::string_view fingerprint, const std::string& pem);

// False: it was not there. On errors it is still trusted.
Result<bool> remove_trust(const SystemTree& tree, std::string_view fingerprint);

}  // namespace ravelin::certs
