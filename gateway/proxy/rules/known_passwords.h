// KnownPasswords: credentials that were right a short while ago, so that a client that repeats them
// with each request is not verified anew each time. Holds keyed hashes, never a password; the key
// is the worker's own and dies with it. One worker's; pure but for its key.
#pragma once

#include "base/clock.h"
#include "gateway/limit/sip_hash.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace ravelin::gateway {

class KnownPasswords {
 public:
  static constexpr std::size_t kMax = 1'024;
  static constexpr std::chrono::seconds kKeptFor{60};

  KnownPasswords();  // a random key

  // `hash`, the stored one, stands for the user: with another password it is another.
  [[nodiscard]] bool contains(std::string_view hash, std::string_view password,
                              base::MonoTime now) const;
  void add(std::string_view hash, std::string_view password, base::MonoTime now);

 private:
  using Tag = std::array<std::uint64_t, 2>;

  struct TagHash {
    std::size_t operator()(const Tag& tag) const { return tag[0]; }
  };

  [[nodiscard]] Tag tag_of(std::string_view hash, std::string_view password) const;

  std::array<SipKey, 2> keys_;
  std::unordered_map<Tag, base::MonoTime, TagHash> until_;
};

}  // namespace ravelin::gateway
