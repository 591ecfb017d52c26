// A certificate proves itself before anybody else meets it: a client and a server in memory shake
// hands with it, as OpenSSL's strict clients do. Catches what no look at the fields does (a key
// that does not sign, a chain nobody can follow, a curve without a cipher). Any thread but a
// worker's: a millisecond or two each.
#pragma once

#include "certs/store.h"

#include <span>
#include <string>

namespace ravelin::certs {

// With TLS 1.2 and 1.3, each key, and for each name: full handshakes for the first `kNamesShaken`,
// for the others the client's check of the name alone. The chain is trusted up to its last
// certificate, which is what a client has to know. Errors: name, version, key, and what failed.
base::Result<> shake_hands(const PairSet& pairs, std::span<const std::string> names,
                           base::WallTime now);

// The quick form for a pair from files, after validate_pair(): for its first name, with TLS 1.2 and
// 1.3. What is trusted is the leaf itself, at any time, and by the rules of ordinary clients: chain
// and dates have findings of their own, and some of those are allowed there. Errors as above.
base::Result<> shake_hands_once(const CertificatePair& pair);

inline constexpr std::size_t kNamesShaken = 8;

}  // namespace ravelin::certs
