// What a CA is told that asks whether a name is ours: http-01 by its token, tls-alpn-01 by the name
// in the handshake. One immutable set; any thread.
#pragma once

#include "certs/issuer/challenges.h"
#include "certs/store.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ravelin::certs {

inline constexpr std::string_view kChallengePath = "/.well-known/acme-challenge/";
inline constexpr std::string_view kChallengeProtocol = "acme-tls/1";  // ALPN (RFC 8737)

class ChallengeAnswers {
 public:
  // Makes the certificates of tls-alpn-01. A challenge that no certificate can be made for has no
  // answer.
  ChallengeAnswers(std::span<const Challenge> challenges, std::uint64_t revision);

  // The body for a path; "" = it is no challenge of ours.
  [[nodiscard]] std::string_view for_path(std::string_view path) const;

  // For the name in a handshake that offers kChallengeProtocol; nullptr = none.
  [[nodiscard]] PairPtr for_name(std::string_view name) const;

  [[nodiscard]] bool has_token(std::string_view token) const;

  [[nodiscard]] bool is_empty() const { return by_token_.empty(); }

  [[nodiscard]] std::uint64_t revision() const { return revision_; }

 private:
  struct TextHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  template <class Value>
  using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  struct ByToken {
    ChallengeType type;
    std::string key_authorization;
  };

  TextMap<ByToken> by_token_;
  TextMap<PairPtr> by_name_;
  std::uint64_t revision_;
};

// The self-signed certificate of RFC 8737 section 3: the name, and the digest of the key
// authorization.
Result<PairPtr> challenge_certificate(const Challenge& challenge);

// What a client asks for in the handshake: the name itself, or the reverse name of an address (RFC
// 8738 section 6).
std::string challenge_server_name(const std::string& name);

}  // namespace ravelin::certs
