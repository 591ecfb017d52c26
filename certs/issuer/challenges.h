// The seam between a CA's questions and whoever can answer them: the gateway (http-01, tls-alpn-01)
// or the zone's name servers (dns-01). Values, and the board they are put up on.
#pragma once

#include "base/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

enum class ChallengeType : std::uint8_t { http_01, tls_alpn_01, dns_01 };

inline constexpr std::string_view kChallengeTypes[] = {"http-01", "tls-alpn-01", "dns-01"};

inline std::string_view text_of(ChallengeType type) {
  return kChallengeTypes[static_cast<std::size_t>(type)];
}

// What a CA will look for (RFC 8555 section 8, RFC 8737).
struct Challenge {
  ChallengeType type = ChallengeType::http_01;
  std::string name;               // the identifier: a DNS name without "*.", or an IP address
  std::string token;              // base64url
  std::string key_authorization;  // token "." thumbprint of the account's key

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

class ChallengeBoard {
 public:
  ChallengeBoard() = default;
  ChallengeBoard(const ChallengeBoard&) = delete;
  ChallengeBoard& operator=(const ChallengeBoard&) = delete;
  virtual ~ChallengeBoard() = default;

  [[nodiscard]] virtual bool can_answer(ChallengeType type) const = 0;

  // Returns once the answer can be seen by whoever asks: every worker has the token, the zone has
  // the record. Errors say what stands in the way.
  virtual Result<> put_up(const Challenge& challenge) = 0;
  // Never fails: what cannot be taken down is logged.
  virtual void take_down(const Challenge& challenge) = 0;
};

// What dns-01 wants in the TXT record of "_acme-challenge.NAME": base64url of SHA-256.
std::string dns_record_value(const Challenge& challenge);

}  // namespace ravelin::certs
