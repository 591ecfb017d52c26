// From what a test says of a packet to a whole one.
#include "policies/analyse/prove.h"
#include "policies/check/run_test.h"
#include "policies/space/interface_classes.h"

#include <algorithm>
#include <optional>

namespace ravelin::policies {
namespace {

using base::Errc;
using base::fail;
using base::Family;
using base::IpAddress;

// Candidates, the preferred first.
using Addresses = std::vector<IpAddress>;

Addresses parsed(std::initializer_list<std::string_view> texts) {
  Addresses list;
  for (const std::string_view text : texts) {
    if (const auto address = base::parse_ip(text)) list.push_back(*address);
  }
  return list;
}

Addresses own_addresses() {
  return parsed({"192.0.2.1", "2001:db8:1::1"});
}

Addresses first_of(const AddressRanges& ranges) {
  Addresses list;
  for (const AddressRange& range : ranges)
    list.push_back(range.first);
  return list;
}

// Of a network the address behind its own.
Addresses hosts_of(const Policy& policy, ZoneId zone) {
  Addresses list;
  for (const AddressRange& network : policy.zones.at(static_cast<std::size_t>(zone)).networks)
    list.push_back(network.first == network.last ? network.first : next(network.first));
  return list;
}

base::Result<Addresses> sources_of(const Policy& policy, const TestPacket& test, ZoneId in) {
  if (!test.from.ranges.empty()) return first_of(test.from.ranges);
  Addresses list = in == kHost ? own_addresses() : hosts_of(policy, in);
  if (list.empty())
    return fail(Errc::invalid, "needs `from`: its zone has no networks to choose from");
  return list;
}

base::Result<ZoneId> zone_in(const Policy& policy, const TestPacket& test) {
  if (test.in) return *test.in;
  const std::vector<ZoneId> zones = zones_with(policy, test.from.ranges);
  if (test.from.ranges.empty() || zones.empty()) return fail(Errc::invalid, "needs `in` or `from`");
  return zones.front();
}

bool is_for_host(const TestPacket& test) {
  return test.to_host || test.to_address_of || test.out == kHost;
}

base::Result<ZoneId> zone_out(const Policy& policy, const TestPacket& test, ZoneId in) {
  if (is_for_host(test)) return kHost;
  if (test.out) return *test.out;
  if (!test.to_zones.empty()) return test.to_zones.front();
  if (test.to.ranges.empty()) return fail(Errc::invalid, "needs `to` or `out`");
  // Of two zones that can have it rather the one it does not come from.
  std::vector<ZoneId> zones = zones_with(policy, {test.to.ranges.front()});
  if (zones.size() > 1) std::erase(zones, in);
  if (zones.empty()) return fail(Errc::invalid, "needs `out`: no zone can have its destination");
  return zones.front();
}

Addresses destinations_of(const Policy& policy, const TestPacket& test, ZoneId out) {
  if (!test.to.ranges.empty()) return first_of(test.to.ranges);
  Addresses list = out == kHost ? own_addresses() : hosts_of(policy, out);
  return list.empty() ? own_addresses() : list;
}

const ServiceTerm* term_in(const std::vector<ServiceTerm>& services, Family family) {
  const auto found = std::find_if(services.begin(), services.end(), [&](const ServiceTerm& term) {
    return family == Family::ipv4 ? term.protocol != kIcmpv6 : term.protocol != kIcmp;
  });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace

base::Result<Packet> packet_of(const Policy& policy, const TestPacket& test) {
  const auto in = zone_in(policy, test);
  if (!in) return in.error();
  const auto out = zone_out(policy, test, *in);
  if (!out) return out.error();
  if (test.services.empty()) return fail(Errc::invalid, "needs `service`");
  const auto sources = sources_of(policy, test, *in);
  if (!sources) return sources.error();
  for (const IpAddress& source : *sources) {
    for (const IpAddress& destination : destinations_of(policy, test, *out)) {
      const ServiceTerm* term = term_in(test.services, source.family);
      if (destination.family != source.family || term == nullptr) continue;
      Packet packet;
      packet.in_interface = first_interface(policy, *in);
      packet.out_interface = first_interface(policy, *out);
      packet.source = source;
      packet.destination = destination;
      packet.protocol = term->protocol;
      packet.destination_port = term->first;
      return packet;
    }
  }
  return fail(Errc::invalid, "has no source and destination of one family for its service");
}

}  // namespace ravelin::policies
