// Policies for tests, written short: services and addresses as operators write them, rules with the
// line they stand on. Text that is none is a bug of the test and aborts.
#pragma once

#include "base/check.h"
#include "policies/model/meaning.h"
#include "policies/model/packet.h"
#include "policies/model/policy.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ravelin::policies::build {

inline constexpr std::string_view kFile = "edge.yaml";

inline base::IpAddress ip(std::string_view text) {
  const auto address = base::parse_ip(text);
  CHECK(address.has_value());
  return *address;
}

// "10.0.0.0/8", "10.0.0.1", "10.0.0.1-10.0.0.9"
inline AddressRange range(std::string_view text) {
  if (const auto dash = text.find('-'); dash != std::string_view::npos)
    return {ip(text.substr(0, dash)), ip(text.substr(dash + 1))};
  const auto prefix = base::parse_prefix(text);
  CHECK(prefix.has_value());
  return range_of(*prefix);
}

inline AddressRanges ranges(std::initializer_list<std::string_view> texts) {
  std::vector<AddressRange> list;
  for (const std::string_view text : texts)
    list.push_back(range(text));
  return normalised(std::move(list));
}

inline AddressMatch addresses(std::initializer_list<std::string_view> texts,
                              std::string name = "group") {
  return {.ranges = ranges(texts), .is_restricted = true, .text = std::move(name)};
}

inline AddressMatch from_feed(int feed, std::string name = "feed") {
  return {.feeds = {feed}, .is_restricted = true, .text = std::move(name)};
}

inline std::uint16_t number(std::string_view text) {
  const auto value = base::parse_endpoint("0.0.0.0:" + std::string(text), base::PortZero::allowed);
  CHECK(value.has_value());
  return std::get<base::IpEndpoint>(*value).port;
}

inline std::uint8_t protocol(std::string_view name) {
  for (int number = 0; number <= 255; ++number) {
    const auto protocol = static_cast<std::uint8_t>(number);
    if (to_string(ServiceTerm{protocol}) == name) return protocol;
  }
  CHECK(name == "");
  return 0;
}

// "tcp/22", "udp/1000-2000", "gre", "ssh", "any"; several with ", ".
inline std::vector<ServiceTerm> services(std::string_view text) {
  if (text.empty() || text == "any") return {};
  if (const auto comma = text.find(", "); comma != std::string_view::npos) {
    std::vector<ServiceTerm> all = services(text.substr(0, comma));
    const std::vector<ServiceTerm> rest = services(text.substr(comma + 2));
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  }
  for (const Service& known : built_in_services()) {
    if (known.name == text) return known.terms;
  }
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {{protocol(text)}};
  const std::string_view ports = text.substr(slash + 1);
  const auto dash = ports.find('-');
  return {{protocol(text.substr(0, slash)), number(ports.substr(0, dash)),
           number(dash == std::string_view::npos ? ports : ports.substr(dash + 1))}};
}

inline Rule rule(Verb verb, int line, std::string_view what, AddressMatch from = {},
                 AddressMatch to = {}) {
  Rule made;
  made.verb = verb;
  made.pos = {std::string(kFile), line, 5};
  made.services = services(what);
  made.services_text = what;
  made.from = std::move(from);
  made.to = std::move(to);
  return made;
}

inline Rule allow(int line, std::string_view what, AddressMatch from = {}, AddressMatch to = {}) {
  return rule(Verb::allow, line, what, std::move(from), std::move(to));
}

inline Rule deny(int line, std::string_view what, AddressMatch from = {}, AddressMatch to = {}) {
  return rule(Verb::deny, line, what, std::move(from), std::move(to));
}

inline RuleList list(std::vector<ZoneId> from, std::vector<ZoneId> to, std::vector<Rule> rules,
                     std::string text = "list") {
  RuleList made;
  made.text = std::move(text);
  made.from = std::move(from);
  made.to = std::move(to);
  made.rules = std::move(rules);
  return made;
}

// wan (eth0), lan (eth1, 10.0.0.0/24 and fd00::/64).
inline constexpr ZoneId kWan = 0;
inline constexpr ZoneId kLan = 1;

inline Policy two_zones() {
  Policy policy;
  policy.name = "edge";
  policy.zones = {
      {.name = "wan", .interfaces = {"eth0"}},
      {.name = "lan", .interfaces = {"eth1"}, .networks = ranges({"10.0.0.0/24", "fd00::/64"})}};
  return policy;
}

inline Packet packet(std::string_view in, std::string_view source, std::string_view what,
                     std::string_view out = "", std::string_view destination = "") {
  Packet made;
  made.in_interface = in;
  made.out_interface = out;
  made.source = ip(source);
  made.destination =
      destination.empty() ? base::IpAddress{.family = made.source.family} : ip(destination);
  const std::vector<ServiceTerm> terms = services(what);
  CHECK(terms.size() == 1);
  made.protocol = terms.front().protocol;
  made.destination_port = terms.front().first;
  return made;
}

}  // namespace ravelin::policies::build
