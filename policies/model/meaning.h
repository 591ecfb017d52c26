// The parts of a policy's meaning that follow from it as a whole: which zone an interface is in,
// which rules a pair of zones meets in which order, and how each pair ends. Pure; any thread.
#pragma once

#include "policies/model/policy.h"

#include <optional>
#include <string_view>
#include <vector>

namespace ravelin::policies {

// Whether an interface's name fits "eth0" or "wg*".
bool matches(std::string_view pattern, std::string_view interface);

// The zone of an interface, by the most specific pattern; none: in no zone.
std::optional<ZoneId> zone_of(const Policy& policy, std::string_view interface);

// Lists that name `any` come first, in the order written: any -> any, any -> to, from -> any; then
// those of the pair. The first final rule that matches decides.
std::vector<const Rule*> rules_between(const Policy& policy, ZoneId from, ZoneId to);

// Whether there is any list for a pair that names both zones (an `any` counts for all but the
// host).
bool has_list(const Policy& policy, ZoneId from, ZoneId to);

// How a pair ends when no rule decided: deny, but for what the host sends while no list begins with
// `host`.
Verdict ending(const Policy& policy, ZoneId from, ZoneId to);

// Whether the policy forwards at all: a list between two zones, or a `forward` entry. Without, the
// forward path is not governed.
bool forwards(const Policy& policy);

// Whether a list begins with `host`.
bool governs_output(const Policy& policy);

// The name of a zone, or "host".
std::string_view name_of(const Policy& policy, ZoneId zone);

// ICMPv6 that IPv6 needs to work (RFC 4890 section 4.4.1): packet too big and the other errors on
// any path; neighbour and router discovery and MLD only to and from the link.
bool is_essential_icmpv6(std::uint8_t type, bool is_forwarded);

}  // namespace ravelin::policies
