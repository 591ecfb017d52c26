// Does a listener show what the store serves? Real handshakes for every key and version. Blocks
// within its patience.
#pragma once

#include "certs/rotate/check_served.h"
#include "certs/rotate/probe_address.h"

#include <string>
#include <vector>

namespace ravelin::certs {

// `check.served` must be there. For the first eight names. Lines with codes: E_UNREACHABLE (nobody
// is there; nothing more is tried), E_HANDSHAKE, E_SERVED_OTHER (another certificate; of the kept
// generations it is said which), E_SERVED_UNTRUSTED.
std::vector<CheckLine> check_against(const StoreDir& store, const ServedCheck& check,
                                     const acme::SocketAddress& address, base::WallTime now,
                                     const acme::Patience& patience);

inline constexpr std::string_view kUnreachable = "E_UNREACHABLE";

}  // namespace ravelin::certs
