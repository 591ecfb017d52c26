#include "policies/space/describe.h"

#include <fmt/format.h>

namespace ravelin::policies {

std::string service_text(const Box& box) {
  const auto [first, last] = box.protocols;
  if (first == last) {
    const bool is_all_types = (first == kIcmp || first == kIcmpv6) && box.ports == Ports{0, 255};
    const Ports ports = is_all_types ? kAllPorts : box.ports;
    return to_string(ServiceTerm{first, ports.first, ports.last});
  }
  if (box.protocols == kAllProtocols && box.ports == kAllPorts) return "any protocol";
  std::string protocols = fmt::format("protocols {} to {}", first, last);
  if (box.ports == kAllPorts) return protocols;
  return box.ports.first == box.ports.last
             ? fmt::format("{}, port {}", protocols, box.ports.first)
             : fmt::format("{}, ports {}-{}", protocols, box.ports.first, box.ports.last);
}

std::string address_text(const AddressRange& range) {
  if (range == everything(base::Family::ipv4)) return "any IPv4 address";
  if (range == everything(base::Family::ipv6)) return "any IPv6 address";
  return to_string(range);
}

std::string place_text(const SourcePos& pos) {
  return fmt::format("{}:{}", pos.file, pos.line);
}

std::string rule_text(const Rule& rule) {
  constexpr std::string_view kVerbs[] = {"allow", "deny", "reject", "log", "count"};
  return fmt::format("{} {}", kVerbs[static_cast<std::size_t>(rule.verb)],
                     rule.services_text.empty() ? "any" : rule.services_text);
}

std::string packet_text(const Packet& packet) {
  const std::uint16_t port = packet.destination_port;
  const bool has_port =
      has_ports(packet.protocol) || packet.protocol == kIcmp || packet.protocol == kIcmpv6;
  const ServiceTerm service =
      has_port ? ServiceTerm{packet.protocol, port, port} : ServiceTerm{packet.protocol};
  return fmt::format("{} from {} to {}", to_string(service), base::to_string(packet.source),
                     base::to_string(packet.destination));
}

}  // namespace ravelin::policies
