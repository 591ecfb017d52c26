// Who may ask the agent for what: root for everything, the gateway's user for bans, so many a
// second, and to say how it and its servers are. Pure; one thread.
#pragma once

#include "messages/channel/seq_socket.h"

#include <chrono>
#include <optional>
#include <string_view>

namespace ravelin::firewall {

using messages::PeerId;

struct AccessRules {
  uid_t own = 0;                 // the agent's user
  std::optional<uid_t> gateway;  // the gateway's
  std::uint32_t bans_per_second = 50'000;
};

class Access {
 public:
  explicit Access(const AccessRules& rules) : rules_(rules), tokens_(rules.bans_per_second) {}

  // Why not; empty: it may.
  [[nodiscard]] std::string_view refusal_of_question(const PeerId& peer) const;
  // A ban that is allowed takes one of this second's.
  std::string_view refusal_of_ban(const PeerId& peer, std::chrono::nanoseconds now);
  // Of what follows from how the gateway and its servers are.
  [[nodiscard]] std::string_view refusal_of_state(const PeerId& peer) const;
  // How the peer stands in the records: "gateway", "root".
  [[nodiscard]] std::string_view name_of(const PeerId& peer) const;

 private:
  AccessRules rules_;
  std::uint32_t tokens_;
  std::chrono::nanoseconds filled_{0};
};

}  // namespace ravelin::firewall
