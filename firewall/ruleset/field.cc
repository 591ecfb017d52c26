#include "firewall/ruleset/field.h"

#include <array>
#include <cstddef>

namespace ravelin::firewall {
namespace {

// In the order of Field: name, nft's datatype and its number, bytes, host order, nfproto, l4proto.
constexpr std::array<FieldInfo, static_cast<std::size_t>(Field::count_)> kFields{{
    {"iifname", "ifname", 41, 16, true, 0, 0},
    {"oifname", "ifname", 41, 16, true, 0, 0},
    {"meta nfproto", "nf_proto", 2, 1, true, 0, 0},
    {"meta l4proto", "inet_proto", 12, 1, false, 0, 0},
    {"ip saddr", "ipv4_addr", 7, 4, false, 2, 0},
    {"ip daddr", "ipv4_addr", 7, 4, false, 2, 0},
    {"ip6 saddr", "ipv6_addr", 8, 16, false, 10, 0},
    {"ip6 daddr", "ipv6_addr", 8, 16, false, 10, 0},
    {"th sport", "inet_service", 13, 2, false, 0, 0},
    {"th dport", "inet_service", 13, 2, false, 0, 0},
    {"tcp sport", "inet_service", 13, 2, false, 0, 6},
    {"tcp dport", "inet_service", 13, 2, false, 0, 6},
    {"udp sport", "inet_service", 13, 2, false, 0, 17},
    {"udp dport", "inet_service", 13, 2, false, 0, 17},
    {"tcp flags", "tcp_flag", 15, 1, false, 0, 6},
    {"icmp type", "icmp_type", 14, 1, false, 2, 1},
    {"icmpv6 type", "icmpv6_type", 29, 1, false, 10, 58},
    {"ct state", "ct_state", 26, 4, true, 0, 0},
    {"ct status", "ct_status", 28, 4, true, 0, 0},
    {"meta mark", "mark", 19, 4, true, 0, 0},
    {"meta skuid", "uid", 24, 4, true, 0, 0},
    {"meta priority", "classid", 23, 4, true, 0, 0},
    {"socket cgroupv2", "cgroupsv2", 47, 8, true, 0, 0},
    {"meta day", "day", 44, 1, false, 0, 0},
    {"meta hour", "hour", 45, 4, true, 0, 0},
    {"fib daddr type", "fib_addrtype", 37, 4, true, 0, 0},
    {"fib saddr . iif oif", "iface_index", 20, 4, true, 0, 0},
    {"ct original proto-dst", "inet_service", 13, 2, false, 0, 0},
}};

}  // namespace

const FieldInfo& info(Field field) {
  return kFields.at(static_cast<std::size_t>(field));
}

}  // namespace ravelin::firewall
