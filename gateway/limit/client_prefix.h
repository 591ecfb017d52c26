// What counts as one client wherever clients are counted: the IPv4 address, or the IPv6 /64 (what
// one subscriber gets). Pure; any thread.
#pragma once

#include "base/address.h"

namespace ravelin::gateway {

inline base::IpPrefix client_prefix(const base::IpAddress& client) {
  constexpr int kIpv4Bits = 32;
  constexpr int kIpv6Bits = 64;
  const int length = client.family == base::Family::ipv4 ? kIpv4Bits : kIpv6Bits;
  return {base::mask(client, length), length};
}

}  // namespace ravelin::gateway
