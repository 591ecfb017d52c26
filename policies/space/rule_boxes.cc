#include "policies/space/rule_boxes.h"

#include "base/check.h"
#include "policies/model/meaning.h"

namespace ravelin::policies {
namespace {

using base::Family;

constexpr Ports kIcmpTypes{0, 255};

bool is_icmp(std::uint8_t protocol) {
  return protocol == kIcmp || protocol == kIcmpv6;
}

bool exists_in(std::uint8_t protocol, Family family) {
  return protocol == kIcmp ? family == Family::ipv4 : protocol != kIcmpv6 || family == Family::ipv6;
}

Ports ports_of(const ServiceTerm& term) {
  return has_ports(term.protocol) || is_icmp(term.protocol) ? Ports{term.first, term.last}
                                                            : kAllPorts;
}

base::IpPrefix prefix(std::string_view text) {
  const auto parsed = base::parse_prefix(text);
  CHECK(parsed.has_value());
  return *parsed;
}

// The parts of all protocols that exist in a family.
std::vector<Box> real_space(Family family) {
  const std::uint8_t own = family == Family::ipv4 ? kIcmp : kIcmpv6;
  std::vector<Box> parts;
  const auto add = [&](std::uint8_t first, std::uint8_t last, Ports ports) {
    Box box = whole(family);
    box.protocols = {first, last};
    box.ports = ports;
    parts.push_back(box);
  };
  add(0, kIcmp - 1, kAllPorts);
  add(kIcmp + 1, kIcmpv6 - 1, kAllPorts);
  add(kIcmpv6 + 1, 255, kAllPorts);
  add(own, own, kIcmpTypes);
  return parts;
}

}  // namespace

AddressRanges everyone() {
  return {everything(Family::ipv4), everything(Family::ipv6)};
}

bool is_everyone(const AddressMatch& match) {
  return match.ranges.empty() && match.feeds.empty() && !match.is_restricted;
}

AddressRanges addresses_of(const AddressMatch& match, std::span<const Feed> feeds,
                           FeedReading reading) {
  if (match.ranges.empty() && match.feeds.empty())
    return is_everyone(match) ? everyone() : AddressRanges{};
  if (match.feeds.empty() || reading == FeedReading::certain) return match.ranges;
  std::vector<AddressRange> all = match.ranges;
  for (const int feed : match.feeds) {
    const AddressRanges listed =
        difference(everyone(), feeds[static_cast<std::size_t>(feed)].never);
    all.insert(all.end(), listed.begin(), listed.end());
  }
  return normalised(std::move(all));
}

std::vector<Box> boxes_of(std::span<const ServiceTerm> services, const AddressRanges& from,
                          const AddressRanges& to, std::uint64_t interfaces) {
  std::vector<Box> boxes;
  if (interfaces == 0) return boxes;
  for (const AddressRange& source : from) {
    for (const AddressRange& destination : to) {
      if (source.first.family != destination.first.family) continue;
      const Box all{.source = source, .destination = destination, .interfaces = interfaces};
      if (services.empty()) boxes.push_back(all);
      for (const ServiceTerm& term : services) {
        if (!exists_in(term.protocol, source.first.family)) continue;
        Box box = all;
        box.protocols = {term.protocol, term.protocol};
        box.ports = ports_of(term);
        boxes.push_back(box);
      }
    }
  }
  return boxes;
}

std::vector<Box> boxes_of(const Rule& rule, std::span<const Feed> feeds, FeedReading reading,
                          const InterfaceClasses& classes) {
  return boxes_of(rule.services, addresses_of(rule.from, feeds, reading),
                  addresses_of(rule.to, feeds, reading), classes.mask_of(rule.via));
}

std::vector<Box> possible_part(std::span<const Box> boxes) {
  std::vector<Box> parts;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const std::vector<Box> real = real_space(family);
    for (const Box& box : boxes) {
      if (box.family() != family) continue;
      const Region part = intersection(std::span(&box, 1), real);
      parts.insert(parts.end(), part.begin(), part.end());
    }
  }
  return parts;
}

std::vector<Box> everything_between(const AddressRanges& from, const AddressRanges& to,
                                    std::uint64_t interfaces) {
  return possible_part(boxes_of({}, from, to, interfaces));
}

AddressRanges plausible_sources(const Policy& policy, ZoneId zone) {
  if (zone == kHost) return everyone();
  std::vector<AddressRange> sources = policy.zones.at(static_cast<std::size_t>(zone)).networks;
  if (sources.empty()) return everyone();
  for (const char* always : {"fe80::/10", "::", "0.0.0.0"})
    sources.push_back(range_of(prefix(always)));
  return normalised(std::move(sources));
}

std::vector<Box> essential_boxes(const Policy& policy, ZoneId from, ZoneId to) {
  std::vector<Box> boxes;
  if (policy.is_icmp_strict) return boxes;
  const bool is_forwarded = from != kHost && to != kHost;
  for (std::uint16_t type = 0; type <= 255; ++type) {
    if (!is_essential_icmpv6(static_cast<std::uint8_t>(type), is_forwarded)) continue;
    Box box = whole(Family::ipv6);
    box.protocols = {kIcmpv6, kIcmpv6};
    box.ports = {type, type};
    boxes.push_back(box);
  }
  return merged(std::move(boxes));
}

}  // namespace ravelin::policies
