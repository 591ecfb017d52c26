// What a service is on the wire: protocols with ports or ICMP types. Pure values; any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::policies {

// IP protocol numbers (IANA) the model knows by name; others are plain numbers.
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kSctp = 132;

// tcp, udp, sctp, dccp, udplite: their packets have ports where TCP has them.
bool has_ports(std::uint8_t protocol);

// "tcp" -> 6; nothing for a name the model does not know.
std::optional<std::uint8_t> protocol_number(std::string_view name);
// All of them.
std::vector<std::string_view> protocol_names();

// A protocol with a range of destination ports, or of ICMP types (0 to 255). A protocol with
// neither has the whole range. kIcmp is seen in IPv4 only and kIcmpv6 in IPv6 only.
struct ServiceTerm {
  std::uint8_t protocol = kTcp;
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  friend auto operator<=>(const ServiceTerm&, const ServiceTerm&) = default;
};

struct Service {
  std::string name;
  base::SourcePos pos;
  std::vector<ServiceTerm> terms;

  friend bool operator==(const Service&, const Service&) = default;
};

// "tcp/443", "udp/27015-27030", "icmp/8", "gre", "proto/99".
std::string to_string(const ServiceTerm& term);

// The services every policy knows without defining them: ssh, http, https, dns, ntp, dhcp, smtp,
// smb, ping, mysql, postgres, …; a policy may define one of these names anew.
const std::vector<Service>& built_in_services();

}  // namespace ravelin::policies
