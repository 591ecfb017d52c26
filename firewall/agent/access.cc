#include "firewall/agent/access.h"

#include "firewall/state/ban_book.h"

namespace ravelin::firewall {

std::string_view Access::refusal_of_connection(const PeerId& peer, std::size_t of_gateway,
                                               std::size_t all) const {
  const std::string_view refusal = refusal_of_question(peer);
  if (!refusal.empty() && !is_gateway(peer))
    return rules_.gateway ? "only root and the gateway may ask the firewall" : refusal;
  if (all >= kConnectionsMax) return "as many ask as may";
  if (!refusal.empty() && of_gateway >= kConnectionsMax - kReservedForRoot)
    return "the gateway has as many connections as it may";
  return "";
}

std::string_view Access::refusal_of_question(const PeerId& peer) const {
  if (peer.uid == 0 || peer.uid == rules_.own) return "";
  return rules_.gateway == peer.uid
             ? "the gateway may give no commands: bans, quarantine and overload are all it may say"
             : "only root may give commands to the firewall";
}

bool Access::Allowance::take(std::chrono::nanoseconds now) {
  if (now - filled >= std::chrono::seconds(1)) {
    left = per_second;
    filled = now;
  }
  if (left == 0) return false;
  --left;
  return true;
}

std::string_view Access::refusal_of_ban(const PeerId& peer, const base::IpPrefix& target,
                                        std::chrono::nanoseconds now) {
  if (!refusal_of_question(peer).empty()) {
    if (rules_.gateway != peer.uid) return "only root and the gateway may ban";
    if (is_range(ban_target(target)))
      return "the gateway bans single addresses, and /64 in IPv6; only root bans ranges";
  }
  return bans_.take(now) ? "" : "more bans in this second than may be";
}

std::string_view Access::refusal_of_state(const PeerId& peer, std::chrono::nanoseconds now) {
  if (!refusal_of_question(peer).empty() && rules_.gateway != peer.uid)
    return "only root and the gateway may say how the gateway is";
  return states_.take(now) ? "" : "said more often in this second than may be";
}

std::string_view Access::name_of(const PeerId& peer) const {
  return rules_.gateway == peer.uid ? "gateway" : "root";
}

}  // namespace ravelin::firewall
