// Which address a request is from: the peer of the connection, or, behind trusted proxies, the
// client that the nearest of them names in X-Forwarded-For. Pure, no allocation; any thread.
#pragma once

#include "base/address.h"
#include "gateway/http/fields.h"

#include <optional>
#include <span>
#include <string_view>

namespace ravelin::gateway::http1 {

// Proxies in a row that are followed; who stands behind more is the last of them.
inline constexpr int kProxiesMax = 32;

// `peer`, unless it is trusted: then the right-most address of X-Forwarded-For (all its lines
// together are one list, RFC 9110 section 5.3) that is not trusted itself, since every trusted
// proxy appends the address it was spoken to from. Where all are trusted: the left-most. Behind
// what is no address ("unknown", a name) nothing can be believed: the proxy that wrote it is the
// client. What a client that is not trusted sends changes nothing.
base::IpAddress client_of(const base::IpAddress& peer, std::span<const base::IpPrefix> trusted,
                          const FieldList& fields);

// One element of X-Forwarded-For: an address, or one with a port ("192.0.2.1:80", "[::1]:80").
std::optional<base::IpAddress> parse_forwarded_address(std::string_view element);

}  // namespace ravelin::gateway::http1
