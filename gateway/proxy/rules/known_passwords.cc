#include "gateway/proxy/rules/known_passwords.h"

#include <cstring>
#include <string>

namespace ravelin::gateway {
KnownPasswords::KnownPasswords() : keys_{random_sip_key(), random_sip_key()} {}

KnownPasswords::Tag KnownPasswords::tag_of(std::string_view hash, std::string_view password) const {
  std::string text(hash);
  text += '\n';  // in no hash
  text += password;
  const Tag tag{sip_hash(keys_[0], text), sip_hash(keys_[1], text)};
  ::explicit_bzero(text.data(), text.size());
  return tag;
}

bool KnownPasswords::contains(std::string_view hash, std::string_view password,
                              base::MonoTime now) const {
  if (until_.empty()) return false;
  const auto found = until_.find(tag_of(hash, password));
  return found != until_.end() && now < found->second;
}

void KnownPasswords::add(std::string_view hash, std::string_view password, base::MonoTime now) {
  if (until_.size() >= kMax)
    std::erase_if(until_, [now](const auto& e) { return e.second <= now; });
  if (until_.size() >= kMax) until_.erase(until_.begin());
  until_[tag_of(hash, password)] = now + kKeptFor;
}

}  // namespace ravelin::gateway
