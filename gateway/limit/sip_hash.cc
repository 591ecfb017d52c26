#include "gateway/limit/sip_hash.h"

#include "base/check.h"

#include <sys/random.h>

#include <bit>
#include <cstring>
#include <string>

namespace ravelin::gateway {
namespace {

static_assert(std::endian::native == std::endian::little, "SipHash reads little-endian words");

struct State {
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

std::uint64_t sip_hash(const SipKey& key, std::string_view bytes) {
  State state{key.k0 ^ 0x736f6d6570736575ULL, key.k1 ^ 0x646f72616e646f6dULL,
              key.k0 ^ 0x6c7967656e657261ULL, key.k1 ^ 0x7465646279746573ULL};
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    state.take(word);
    bytes.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  last |= rest;
  state.take(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i)
    state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

SipKey derive(const SipKey& key, std::string_view purpose) {
  std::string text(purpose);
  text += '\0';
  const std::uint64_t k0 = sip_hash(key, text);
  text.back() = '\1';
  return {k0, sip_hash(key, text)};
}

SipKey random_sip_key() {
  SipKey key;
  CHECK(::getrandom(&key, sizeof key, 0) == static_cast<ssize_t>(sizeof key));
  return key;
}

}  // namespace ravelin::gateway
