// What a running firewall remembers between packets: token buckets, connections, bans; and what
// its feeds hold. A value, so a run can be repeated from any moment. One thread at a time.
#pragma once

#include "policies/model/packet.h"
#include "policies/simulate/token_bucket.h"

#include <map>
#include <tuple>
#include <vector>

namespace ravelin::policies {

// Who a limit or ban is about: an IPv4 address, or the /64 of an IPv6 one.
base::IpAddress source_key(const base::IpAddress& source);

// Rules and `forward` entries are known by their address, so a state belongs to one Policy object.
class SimulationState {
 public:
  enum class Meter { limit, new_connections, ban_after };
  using Owner = const void*;  // a Rule or NatRule

  // `feeds`: contents, by index of Policy::feeds; one that is missing is empty.
  explicit SimulationState(std::vector<AddressRanges> feeds = {}) : feeds_(std::move(feeds)) {}

  // Takes a packet's worth from the bucket of a rule; `limit` has one for all sources.
  bool take(Meter meter, Owner rule, const Rate& rate, const Packet& packet);

  // Connections that a source has open through a rule.
  [[nodiscard]] std::uint32_t connections(Owner rule, const base::IpAddress& source) const;
  void open_connection(Owner rule, const base::IpAddress& source);
  void close_connection(Owner rule, const base::IpAddress& source);

  // By hand: nothing passes. A later ban of the same source replaces the earlier one.
  void ban(const base::IpAddress& source, std::chrono::nanoseconds until);
  [[nodiscard]] bool is_banned(const base::IpAddress& source, std::chrono::nanoseconds now) const;

  // By a rule: no new connection passes, since anyone can send packets in another's name.
  void block(const base::IpAddress& source, std::chrono::nanoseconds until);
  [[nodiscard]] bool is_blocked(const base::IpAddress& source, std::chrono::nanoseconds now) const;

  [[nodiscard]] bool is_in_feed(int feed, const base::IpAddress& address) const;

 private:
  using SourceKey = std::tuple<Owner, base::IpAddress>;

  std::vector<AddressRanges> feeds_;
  std::map<std::tuple<Meter, Owner, base::IpAddress>, TokenBucket> buckets_;
  std::map<SourceKey, std::uint32_t> connections_;
  std::map<base::IpAddress, std::chrono::nanoseconds> bans_, blocks_;  // until
};

}  // namespace ravelin::policies
