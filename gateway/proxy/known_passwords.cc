#include "gateway/proxy/known_passwords.h"

#include "base/check.h"

#include <sys/random.h>

#include <bit>
#include <cstring>
#include <string>

namespace ravelin::gateway {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t sip_hash(std::uint64_t key0, std::uint64_t key1, std::string_view text) {
  SipState state{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                 key1 ^ 0x7465646279746573};
  std::uint64_t last = std::uint64_t{text.size()} << 56;
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    state.take(word);
    text.remove_prefix(8);
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    last |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  state.take(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i)
    state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

KnownPasswords::KnownPasswords() {
  CHECK(::getrandom(key_.data(), sizeof key_, 0) == static_cast<ssize_t>(sizeof key_));
}

KnownPasswords::Tag KnownPasswords::tag_of(std::string_view hash, std::string_view password) const {
  std::string text(hash);
  text += '\n';  // in no hash
  text += password;
  const Tag tag{sip_hash(key_[0], key_[1], text), sip_hash(key_[2], key_[3], text)};
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
