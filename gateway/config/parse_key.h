// Where the private key of a certificate is, wherever one is configured: `key` with `pass_file` or
// `pin_file`.
#pragma once

#include "base/io/yaml.h"

#include <string>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::string_view kTokenScheme = "pkcs11:";

// A path, as yaml::path() reads it, or a URI as it stands.
bool read_key_place(const base::yaml::Value& value, std::string& key);

// `pass_file` beside a key in a file, `pin_file` beside one in a token. Reports the one that does
// not belong there. `key` has been read.
void parse_key_secret(base::yaml::Map& map, const std::string& key, std::string& secret);

// The name of the key that parse_key_secret() reads.
std::string_view key_secret_name(std::string_view key);

}  // namespace ravelin::gateway
