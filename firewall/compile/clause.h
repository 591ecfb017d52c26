// A rule as lookups see it: cut by family and by kind of service, so that each piece has one key.
// The result of normalising one pair's rules, the input of stratifying them. Pure; any thread.
#pragma once

#include "policies/model/policy.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

using policies::AddressRanges;
using policies::Policy;
using policies::ServiceTerm;
using policies::ZoneId;

// What of a packet tells services apart; each is a key of its own.
enum class ServiceKey {
  none,      // any protocol
  protocol,  // whole protocols: meta l4proto
  ports,     // meta l4proto . th dport
  icmp,      // icmp type (IPv4)
  icmpv6,    // icmpv6 type (IPv6)
};

// Clauses of one shape can share a lookup.
struct Shape {
  // The family of the addresses; none when the key has no address and no ICMP type.
  std::optional<base::Family> family;
  bool has_from = false;
  bool has_to = false;
  ServiceKey service = ServiceKey::none;

  [[nodiscard]] bool is_everything() const {
    return !has_from && !has_to && service == ServiceKey::none;
  }

  friend bool operator==(const Shape&, const Shape&) = default;
};

struct Clause {
  int rule = 0;  // the place of its rule in the pair's list
  Shape shape;
  AddressRanges from, to;          // of the shape's family; empty unless the shape has them
  std::vector<ServiceTerm> terms;  // of the shape's kind; empty for ServiceKey::none
  bool falls_through = false;      // what it leads to may not decide
  // Needs more than a key: a feed, or only some interfaces of the zone. Stands as plain rules.
  bool is_plain = false;
  std::vector<int> from_feeds, to_feeds;
  std::vector<std::string> via;  // only these of the zone's interfaces
  // Other clauses of its rule take the packets with ports and ICMP's; this one comes behind
  // whatever comes before its rule, but what comes behind need not wait for it.
  bool is_rest = false;
  int layer = 0;  // shares no lookup of a lower one

  // Whether a packet can meet both. Exact, but for feeds and `via`, which may meet anything.
  [[nodiscard]] bool overlaps(const Clause& other) const;
};

// The rules of a pair in order, as clauses in order; what can never match is left out, and so is
// everything behind a clause that matches every packet and decides. `now` ends rules with `until`.
std::vector<Clause> normalise(const Policy& policy, ZoneId from, ZoneId to,
                              std::span<const policies::Rule* const> rules,
                              std::chrono::sys_seconds now);

}  // namespace ravelin::firewall
