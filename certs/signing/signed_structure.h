// What TLS signs, taken apart and put together: between OpenSSL, which has all of it at hand, and
// the key process, which is told the parts and builds it itself. Nothing that has another form is
// ever signed. Pure; any thread.
//
// A server of TLS 1.3 and one of TLS 1.2 cannot be confused: where 1.3 has its name in letters, 1.2
// has the type of a curve (3). In TLS 1.2 a client signs all messages so far, which cannot be built
// from less: they are taken as they are if they are messages of such a handshake, in their order,
// and the certificate shown is that of the key.
#pragma once

#include "base/result.h"
#include "messages/message.h"

#include <optional>
#include <span>
#include <vector>

namespace ravelin::certs {

// The parts; key and scheme are the caller's. nullopt: `structure` is nothing that TLS 1.2 or 1.3
// signs with ECDHE.
std::optional<messages::SignRequest> read_structure(std::span<const unsigned char> structure,
                                                    messages::TlsSide side);

// What is signed for a request without a flaw. Errors (Errc::denied): parts that no handshake has.
base::Result<std::vector<unsigned char>> build_structure(const messages::SignRequest& request);

// Of what a client of TLS 1.2 has said and heard when it signs, up to its ClientKeyExchange: the
// certificate it shows, in DER. Empty: that is no such handshake.
std::span<const unsigned char> certificate_shown(std::span<const unsigned char> transcript);

}  // namespace ravelin::certs
