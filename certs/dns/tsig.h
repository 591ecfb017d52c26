// Messages signed with a secret both sides have (TSIG, RFC 8945): HMAC-SHA-256, 384 and 512. Pure;
// any thread.
#pragma once

#include "certs/dns/message.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ravelin::certs::dns {

using std::chrono::sys_seconds;

enum class TsigAlgorithm : std::uint8_t { hmac_sha256, hmac_sha384, hmac_sha512 };

inline constexpr std::string_view kTsigAlgorithms[] = {"hmac-sha256", "hmac-sha384", "hmac-sha512"};

inline std::string_view text_of(TsigAlgorithm algorithm) {
  return kTsigAlgorithms[static_cast<std::size_t>(algorithm)];
}

// The secret is wiped when it goes.
struct TsigKey {
  std::string name;
  TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256;
  std::string secret;

  TsigKey() = default;
  TsigKey(std::string its_name, TsigAlgorithm its_algorithm, std::string its_secret);
  TsigKey(const TsigKey&) = default;
  TsigKey& operator=(const TsigKey&) = default;
  TsigKey(TsigKey&&) noexcept = default;
  TsigKey& operator=(TsigKey&&) noexcept = default;
  ~TsigKey();
};

// `key "name" { algorithm hmac-sha256; secret "…"; };`, as BIND's tsig-keygen writes it. Errors:
// anything else, an algorithm that is weaker or unknown. They do not show the secret.
Result<TsigKey> parse_tsig_key(std::string_view text);
// Of a file as hard to read as a private key (mode 0600).
Result<TsigKey> read_tsig_key(const std::string& path);

struct SignedMessage {
  std::string bytes;
  std::string mac;  // the answer's signature covers it
};

// Error: the key's name is none.
Result<SignedMessage> sign(std::string message, const TsigKey& key, sys_seconds now);

// Whether the answer to a signed message comes from who has the key, and in time. Errors say which
// side does not know what: the key (BADKEY), its secret (BADSIG), the time (BADTIME, with the
// difference), or that the answer is not signed.
Result<> check_answer(std::string_view bytes, const Message& answer, const TsigKey& key,
                      std::string_view request_mac, sys_seconds now);

}  // namespace ravelin::certs::dns
