// The fields of a packet that nftables rules load, with what the kernel and nft call them. A field
// knows its length in a register and which guard its load needs in a table of family inet.
// Source: linux/netfilter/nf_tables.h; nft's datatypes (include/datatype.h of nftables 1.0.6).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ravelin::firewall {

enum class Field : std::uint8_t {
  iifname,  // 16 bytes, NUL padded
  oifname,
  nfproto,   // 1: 2 = IPv4, 10 = IPv6
  l4proto,   // 1
  ip_saddr,  // 4, guarded by nfproto
  ip_daddr,
  ip6_saddr,  // 16, guarded by nfproto
  ip6_daddr,
  th_sport,  // 2, guarded by nothing: the rule sees to it
  th_dport,
  tcp_sport,  // 2, guarded by l4proto
  tcp_dport,
  udp_sport,
  udp_dport,
  tcp_flags,  // 1, guarded by l4proto
  icmp_type,  // 1, guarded by nfproto and l4proto
  icmpv6_type,
  ct_state,        // 4, host order: bits invalid 1, established 2, related 4, new 8, untracked 64
  ct_status,       // 4, host order: bit dnat 32
  mark,            // 4, host order
  skuid,           // 4, host order
  priority,        // 4, host order: SO_PRIORITY of the socket it left
  socket_cgroup,   // 8: id of the cgroup at a level (Statement says which)
  day,             // 1: 0 = Sunday
  hour,            // 4, host order: seconds of the day, UTC
  fib_daddr_type,  // 4, host order: RTN_LOCAL 2, RTN_BROADCAST 3, RTN_MULTICAST 5
  fib_saddr_oif,   // 4: the interface towards the source, among those it came in on; 0 = none
  ct_original_dport,  // 2: the port it was sent to, before any NAT
  count_
};

struct FieldInfo {
  std::string_view name;  // as nft prints it: "ip saddr", "meta l4proto"
  std::string_view type;  // nft's datatype in a set: "ipv4_addr"
  std::uint32_t type_id;  // of that datatype; TYPE_BITS is 6 in a concatenation
  std::uint8_t bytes;     // in a register
  bool is_host_order;
  std::uint8_t nfproto;  // guard: 0 none, 2, 10
  std::uint8_t l4proto;  // guard: 0 none
};

const FieldInfo& info(Field field);

}  // namespace ravelin::firewall
