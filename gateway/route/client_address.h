// The address that decides where rules speak of clients: match.from, allow, deny. Pure; any thread.
#pragma once

#include "base/address.h"
#include "gateway/http/fields.h"

#include <span>

namespace ravelin::gateway {

// `peer`, the other end of the connection, unless it is in `trusted` (forwarded.trusted): then the
// right-most address of X-Forwarded-For that is not in `trusted` itself, because everything left of
// it was written by somebody we do not trust. If all are trusted, the left-most; at an entry that
// is no address, or after 32, the last one understood.
base::IpAddress deciding_client(const base::IpAddress& peer,
                                std::span<const base::IpPrefix> trusted, const FieldList& fields);

}  // namespace ravelin::gateway
