#include "firewall/ruleset/nft_names.h"

#include <algorithm>
#include <array>

namespace ravelin::firewall::nft {
namespace {

constexpr std::array<Named, 2> kFamilies{{{2, "ipv4"}, {10, "ipv6"}}};

// /etc/protocols of Debian 12 (netbase 6.4); of two names of one number nft prints the first.
constexpr std::array<Named, 59> kProtocols{{
    {0, "ip"},
    {1, "icmp"},
    {2, "igmp"},
    {3, "ggp"},
    {4, "ipencap"},
    {5, "st"},
    {6, "tcp"},
    {8, "egp"},
    {9, "igp"},
    {12, "pup"},
    {17, "udp"},
    {20, "hmp"},
    {22, "xns-idp"},
    {27, "rdp"},
    {29, "iso-tp4"},
    {33, "dccp"},
    {36, "xtp"},
    {37, "ddp"},
    {38, "idpr-cmtp"},
    {41, "ipv6"},
    {43, "ipv6-route"},
    {44, "ipv6-frag"},
    {45, "idrp"},
    {46, "rsvp"},
    {47, "gre"},
    {50, "esp"},
    {51, "ah"},
    {57, "skip"},
    {58, "ipv6-icmp"},
    {59, "ipv6-nonxt"},
    {60, "ipv6-opts"},
    {73, "rspf"},
    {81, "vmtp"},
    {88, "eigrp"},
    {89, "ospf"},
    {93, "ax.25"},
    {94, "ipip"},
    {97, "etherip"},
    {98, "encap"},
    {103, "pim"},
    {108, "ipcomp"},
    {112, "vrrp"},
    {115, "l2tp"},
    {124, "isis"},
    {132, "sctp"},
    {133, "fc"},
    {135, "mobility-header"},
    {136, "udplite"},
    {137, "mpls-in-ip"},
    {138, "manet"},
    {139, "hip"},
    {140, "shim6"},
    {141, "wesp"},
    {142, "rohc"},
    {143, "ethernet"},
}};

constexpr std::array<Named, 15> kIcmpTypes{{
    {0, "echo-reply"},
    {3, "destination-unreachable"},
    {4, "source-quench"},
    {5, "redirect"},
    {8, "echo-request"},
    {9, "router-advertisement"},
    {10, "router-solicitation"},
    {11, "time-exceeded"},
    {12, "parameter-problem"},
    {13, "timestamp-request"},
    {14, "timestamp-reply"},
    {15, "info-request"},
    {16, "info-reply"},
    {17, "address-mask-request"},
    {18, "address-mask-reply"},
}};

constexpr std::array<Named, 18> kIcmpv6Types{{
    {1, "destination-unreachable"},
    {2, "packet-too-big"},
    {3, "time-exceeded"},
    {4, "parameter-problem"},
    {128, "echo-request"},
    {129, "echo-reply"},
    {130, "mld-listener-query"},
    {131, "mld-listener-report"},
    {132, "mld-listener-done"},
    {133, "nd-router-solicit"},
    {134, "nd-router-advert"},
    {135, "nd-neighbor-solicit"},
    {136, "nd-neighbor-advert"},
    {137, "nd-redirect"},
    {138, "router-renumbering"},
    {141, "ind-neighbor-solicit"},
    {142, "ind-neighbor-advert"},
    {143, "mld2-listener-report"},
}};

constexpr std::array<Named, 8> kTcpFlags{{{1, "fin"},
                                          {2, "syn"},
                                          {4, "rst"},
                                          {8, "psh"},
                                          {16, "ack"},
                                          {32, "urg"},
                                          {64, "ecn"},
                                          {128, "cwr"}}};

constexpr std::array<Named, 5> kStates{
    {{1, "invalid"}, {2, "established"}, {4, "related"}, {8, "new"}, {64, "untracked"}}};

constexpr std::array<Named, 7> kStatuses{{{1, "expected"},
                                          {2, "seen-reply"},
                                          {4, "assured"},
                                          {8, "confirmed"},
                                          {16, "snat"},
                                          {32, "dnat"},
                                          {512, "dying"}}};

constexpr std::array<Named, 7> kDays{{{0, "Sunday"},
                                      {1, "Monday"},
                                      {2, "Tuesday"},
                                      {3, "Wednesday"},
                                      {4, "Thursday"},
                                      {5, "Friday"},
                                      {6, "Saturday"}}};

constexpr std::array<Named, 9> kAddressTypes{{{0, "unspec"},
                                              {1, "unicast"},
                                              {2, "local"},
                                              {3, "broadcast"},
                                              {4, "anycast"},
                                              {5, "multicast"},
                                              {6, "blackhole"},
                                              {7, "unreachable"},
                                              {8, "prohibit"}}};

}  // namespace

std::span<const Named> names_of(Field field) {
  switch (field) {
    case Field::nfproto:
      return kFamilies;
    case Field::l4proto:
      return kProtocols;
    case Field::icmp_type:
      return kIcmpTypes;
    case Field::icmpv6_type:
      return kIcmpv6Types;
    case Field::tcp_flags:
      return kTcpFlags;
    case Field::ct_state:
      return kStates;
    case Field::ct_status:
      return kStatuses;
    case Field::day:
      return kDays;
    case Field::fib_daddr_type:
      return kAddressTypes;
    default:
      return {};
  }
}

std::string_view find_name(std::span<const Named> names, std::uint64_t number) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const Named& named) { return named.number == number; });
  return found == names.end() ? std::string_view() : found->name;
}

}  // namespace ravelin::firewall::nft
