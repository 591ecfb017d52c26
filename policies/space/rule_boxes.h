// From what a policy says to boxes: of a rule, of a service, of all that can arrive from a zone.
// Pure; any thread.
#pragma once

#include "policies/model/policy.h"
#include "policies/space/interface_classes.h"
#include "policies/space/region.h"

#include <span>

namespace ravelin::policies {

// What a feed may hold is not known: `possible` reads it as everything but its `never`, `certain`
// as nothing.
enum class FeedReading { certain, possible };

// Sources or destinations in both families; empty: nobody.
AddressRanges addresses_of(const AddressMatch& match, std::span<const Feed> feeds,
                           FeedReading reading);

// Whether it asks for nothing.
bool is_everyone(const AddressMatch& match);

// One box of each family in which the service exists, each source, destination and service. No
// service: all protocols. May overlap. With `interfaces` of zero: none.
std::vector<Box> boxes_of(std::span<const ServiceTerm> services, const AddressRanges& from,
                          const AddressRanges& to, std::uint64_t interfaces);

// What the packet's own fields must be for the rule to match: with FeedReading::possible at most
// these packets, with `certain` at least these while its other conditions hold.
std::vector<Box> boxes_of(const Rule& rule, std::span<const Feed> feeds, FeedReading reading,
                          const InterfaceClasses& classes);

// Takes away what no packet can be: ICMP in IPv6, ICMPv6 in IPv4, ICMP types above 255.
std::vector<Box> possible_part(std::span<const Box> boxes);

// Every packet there can be between two networks.
std::vector<Box> everything_between(const AddressRanges& from, const AddressRanges& to,
                                    std::uint64_t interfaces);

AddressRanges everyone();

// The sources that may arrive from a zone: its networks, and what a host sends before it has an
// address or to its link (fe80::/10, ::, 0.0.0.0). A zone without networks, and the host: everyone.
AddressRanges plausible_sources(const Policy& policy, ZoneId zone);

// The essential ICMPv6 that passes before any rule; empty with `icmp: strict`.
std::vector<Box> essential_boxes(const Policy& policy, ZoneId from, ZoneId to);

}  // namespace ravelin::policies
