#include "policies/model/service.h"

#include <fmt/format.h>

namespace ravelin::policies {
namespace {

struct ProtocolName {
  std::uint8_t number;
  std::string_view name;
};

constexpr ProtocolName kNames[] = {
    {kIcmp, "icmp"}, {2, "igmp"},     {kTcp, "tcp"},   {kUdp, "udp"},       {33, "dccp"},
    {47, "gre"},     {50, "esp"},     {51, "ah"},      {kIcmpv6, "icmpv6"}, {89, "ospf"},
    {112, "vrrp"},   {kSctp, "sctp"}, {136, "udplite"}};

Service tcp(std::string name, std::uint16_t port) {
  return {std::move(name), {}, {{kTcp, port, port}}};
}

Service both(std::string name, std::uint16_t port) {
  return {std::move(name), {}, {{kTcp, port, port}, {kUdp, port, port}}};
}

Service udp(std::string name, std::uint16_t first, std::uint16_t last) {
  return {std::move(name), {}, {{kUdp, first, last}}};
}

std::vector<Service> make_services() {
  return {
      tcp("ssh", 22),
      tcp("http", 80),
      {"https", {}, {{kTcp, 443, 443}, {kUdp, 443, 443}}},
      both("dns", 53),
      {"dns-tls", {}, {{kTcp, 853, 853}}},
      udp("ntp", 123, 123),
      udp("dhcp", 67, 67),
      udp("dhcp-client", 68, 68),
      udp("dhcpv6", 547, 547),
      udp("dhcpv6-client", 546, 546),
      tcp("smtp", 25),
      tcp("submission", 587),
      tcp("smtps", 465),
      tcp("imap", 143),
      tcp("imaps", 993),
      tcp("pop3s", 995),
      {"smb", {}, {{kTcp, 139, 139}, {kTcp, 445, 445}}},
      tcp("ldap", 389),
      tcp("ldaps", 636),
      both("kerberos", 88),
      tcp("mysql", 3306),
      tcp("postgres", 5432),
      tcp("redis", 6379),
      {"etcd", {}, {{kTcp, 2379, 2380}}},
      tcp("rsync", 873),
      both("syslog", 514),
      udp("snmp", 161, 161),
      udp("mdns", 5353, 5353),
      udp("wireguard", 51820, 51820),
      {"ipsec", {}, {{kUdp, 500, 500}, {kUdp, 4500, 4500}, {50, 0, 65535}}},
      {"vrrp", {}, {{112, 0, 65535}}},
      {"ping", {}, {{kIcmp, 8, 8}, {kIcmpv6, 128, 128}}},
      {"traceroute", {}, {{kUdp, 33434, 33523}}},
  };
}

}  // namespace

bool has_ports(std::uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp || protocol == 33 ||
         protocol == 136;
}

std::optional<std::uint8_t> protocol_number(std::string_view name) {
  for (const ProtocolName& known : kNames) {
    if (known.name == name) return known.number;
  }
  return std::nullopt;
}

std::vector<std::string_view> protocol_names() {
  std::vector<std::string_view> names;
  for (const ProtocolName& known : kNames)
    names.push_back(known.name);
  return names;
}

std::string to_string(const ServiceTerm& term) {
  std::string text = fmt::format("proto/{}", term.protocol);
  for (const ProtocolName& known : kNames) {
    if (known.number == term.protocol) text = known.name;
  }
  if (term.first == 0 && term.last == 65535) return text;
  return term.first == term.last ? fmt::format("{}/{}", text, term.first)
                                 : fmt::format("{}/{}-{}", text, term.first, term.last);
}

const std::vector<Service>& built_in_services() {
  static const std::vector<Service> services = make_services();
  return services;
}

}  // namespace ravelin::policies
