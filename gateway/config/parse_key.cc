#include "gateway/config/parse_key.h"

#include "gateway/config/words.h"

namespace ravelin::gateway {

bool read_key_place(const yaml::Value& value, std::string& key) {
  const bool is_uri = value.is(yaml::Kind::scalar) && value.node().text.starts_with(kTokenScheme);
  if (!is_uri) return yaml::path()(value, key);
  const std::string& uri = value.node().text;
  // Never shown, then.
  if (uri.find("pin-value") != std::string::npos || uri.find("pin-source") != std::string::npos) {
    value.error("has a PIN in it: put that into a file of mode 0600 and name it with \"pin_file\"");
    return false;
  }
  key = uri;
  return true;
}

void parse_key_secret(yaml::Map& map, const std::string& key, std::string& secret) {
  const bool in_token = key.starts_with(kTokenScheme);
  map.optional(key_secret_name(key), secret, yaml::path());
  const std::string_view other = in_token ? "pass_file" : "pin_file";
  std::string ignored;
  if (!map.has(other)) return;
  map.optional(other, ignored, yaml::path());
  map.error(in_token ? "\"pass_file\" is for keys in files; a token has a PIN: \"pin_file\""
                     : "\"pin_file\" is for keys in tokens (key: \"pkcs11:…\"); a file has a "
                       "passphrase: \"pass_file\"");
}

std::string_view key_secret_name(std::string_view key) {
  return key.starts_with(kTokenScheme) ? "pin_file" : "pass_file";
}

}  // namespace ravelin::gateway
