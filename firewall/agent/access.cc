#include "firewall/agent/access.h"

namespace ravelin::firewall {

std::string_view Access::refusal_of_question(const PeerId& peer) const {
  if (peer.uid == 0 || peer.uid == rules_.own) return "";
  return rules_.gateway == peer.uid
             ? "the gateway may give no commands: bans, quarantine and overload are all it may say"
             : "only root may give commands to the firewall";
}

std::string_view Access::refusal_of_ban(const PeerId& peer, std::chrono::nanoseconds now) {
  if (!refusal_of_question(peer).empty() && rules_.gateway != peer.uid)
    return "only root and the gateway may ban";
  if (now - filled_ >= std::chrono::seconds(1)) {
    tokens_ = rules_.bans_per_second;
    filled_ = now;
  }
  if (tokens_ == 0) return "more bans in this second than may be";
  --tokens_;
  return "";
}

std::string_view Access::refusal_of_state(const PeerId& peer) const {
  const bool may = refusal_of_question(peer).empty() || rules_.gateway == peer.uid;
  return may ? "" : "only root and the gateway may say how the gateway is";
}

std::string_view Access::name_of(const PeerId& peer) const {
  return rules_.gateway == peer.uid ? "gateway" : "root";
}

}  // namespace ravelin::firewall
