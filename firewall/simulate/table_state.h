// What a table and the machine around it know besides the rules: elements that packets or other
// hands put into sets, limits, connections, addresses and routes. Plain values; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"
#include "firewall/simulate/token_bucket.h"
#include "policies/model/packet.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace ravelin::firewall::simulate {

// A connection as conntrack tells them apart: by its first packet, before any NAT.
struct Connection {
  base::IpAddress source, destination;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0, destination_port = 0;

  friend auto operator<=>(const Connection&, const Connection&) = default;
};

Connection connection_of(const policies::Packet& packet);

// An element that packets put there.
struct LiveElement {
  std::optional<std::chrono::nanoseconds> expires;  // on the clock of Packet::at
  TokenBucket bucket;
  std::set<Connection> connections;
};

struct Route {
  base::IpPrefix to;
  std::string interface;
};

// Where a connection was turned to.
struct Target {
  base::IpAddress address;
  std::optional<std::uint16_t> port;
};

using RulePlace = std::tuple<std::string, std::size_t, std::size_t>;  // chain, rule, statement

struct TableState {
  std::map<std::string, std::vector<Element>, std::less<>> contents;  // of external sets
  std::map<std::string, std::map<Bytes, LiveElement>, std::less<>> live;
  std::map<RulePlace, TokenBucket> limits;
  std::map<RulePlace, std::set<Connection>> counted;
  std::map<Connection, Target> turned;
  std::vector<base::IpAddress> own;        // addresses of this host, besides loopback
  std::vector<base::IpAddress> broadcast;  // of its networks
  // Where redirect leads, which is the address of the interface; none: the first own one of the
  // packet's family.
  std::optional<base::IpAddress> redirected_to;
  std::vector<Route> routes;  // the longest match counts; empty: the packet's own words count
  std::uint64_t cgroup = 0;   // of the sender on this host
  std::uint32_t random = 0;   // what numgen gives next, before its modulus
};

// It is not counted any more, nor turned.
void end_connection(TableState& state, const Connection& connection);

bool is_own(const TableState& state, const base::IpAddress& address);

// The interface towards an address; none: no route.
std::optional<std::string> interface_towards(const TableState& state,
                                             const base::IpAddress& address);

}  // namespace ravelin::firewall::simulate
