#include "policies/simulate/simulation_state.h"

namespace ravelin::policies {

base::IpAddress source_key(const base::IpAddress& source) {
  return source.family == base::Family::ipv4 ? source : base::mask(source, 64);
}

bool SimulationState::take(Meter meter, Owner rule, const Rate& rate, const Packet& packet) {
  const base::IpAddress who = meter == Meter::limit ? base::IpAddress{} : source_key(packet.source);
  const auto bucket = buckets_.try_emplace({meter, rule, who}, TokenBucket(rate, packet.at)).first;
  return bucket->second.take(packet.bytes, packet.at);
}

std::uint32_t SimulationState::connections(Owner rule, const base::IpAddress& source) const {
  const auto found = connections_.find({rule, source_key(source)});
  return found == connections_.end() ? 0 : found->second;
}

void SimulationState::open_connection(Owner rule, const base::IpAddress& source) {
  ++connections_[{rule, source_key(source)}];
}

void SimulationState::close_connection(Owner rule, const base::IpAddress& source) {
  const auto found = connections_.find({rule, source_key(source)});
  if (found == connections_.end()) return;
  if (--found->second == 0) connections_.erase(found);
}

void SimulationState::ban(const base::IpAddress& source, std::chrono::nanoseconds until) {
  bans_[source_key(source)] = until;
}

bool SimulationState::is_banned(const base::IpAddress& source, std::chrono::nanoseconds now) const {
  const auto found = bans_.find(source_key(source));
  return found != bans_.end() && now < found->second;
}

void SimulationState::block(const base::IpAddress& source, std::chrono::nanoseconds until) {
  blocks_[source_key(source)] = until;
}

bool SimulationState::is_blocked(const base::IpAddress& source,
                                 std::chrono::nanoseconds now) const {
  const auto found = blocks_.find(source_key(source));
  return found != blocks_.end() && now < found->second;
}

bool SimulationState::is_in_feed(int feed, const base::IpAddress& address) const {
  const auto index = static_cast<std::size_t>(feed);
  return index < feeds_.size() && contains(feeds_[index], address);
}

}  // namespace ravelin::policies
