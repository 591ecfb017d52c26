// What a listener shows its clients: one real handshake as a strict client makes it. Blocks within
// its patience: never on a worker's thread.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"
#include "certs/store.h"
#include "certs/store/generation.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ravelin::certs {

enum class ProbedVersion : std::uint8_t { tls_1_2, tls_1_3 };

constexpr std::string_view text_of(ProbedVersion version) {
  return version == ProbedVersion::tls_1_2 ? "TLS 1.2" : "TLS 1.3";
}

struct ProbeQuestion {
  std::string name;  // that is asked for, as a certificate has it: a wildcard stands for any label
  PairSlot slot = PairSlot::ec;  // the only kind of key the client takes
  ProbedVersion version = ProbedVersion::tls_1_3;
};

struct ProbeAnswer {
  std::string serial;  // of the leaf shown, as PairFacts have it
  std::string spki_sha256;
  base::WallTime not_after;
  std::string distrust;  // why a client that trusts the pair's chain refuses it; "" = it does not
  std::string cipher;
  std::chrono::microseconds took{};
};

// `pair` is the one expected: its chain is trusted up to its last certificate. Errors:
// Errc::unavailable and timeout: nobody is there; Errc::protocol: the connection was closed in the
// middle; Errc::tls: the handshake came to nothing.
Result<ProbeAnswer> probe_address(const acme::SocketAddress& address, const ProbeQuestion& question,
                                  const CertificatePair& pair, base::WallTime now,
                                  const acme::Patience& patience);

}  // namespace ravelin::certs
