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
  std::uint32_t states_per_second = 20;  // each of a thousand servers at most
};

class Access {
 public:
  explicit Access(const AccessRules& rules)
      : rules_(rules), bans_{rules.bans_per_second}, states_{rules.states_per_second} {}

  // Connections at once. The gateway leaves some of them to root: what waits to be confirmed must
  // not depend on it.
  static constexpr std::size_t kConnectionsMax = 256, kReservedForRoot = 64;

  // Why not; empty: it may.
  // One more connection, where the gateway has `of_gateway` of `all` already.
  [[nodiscard]] std::string_view refusal_of_connection(const PeerId& peer, std::size_t of_gateway,
                                                       std::size_t all) const;

  [[nodiscard]] bool is_gateway(const PeerId& peer) const { return rules_.gateway == peer.uid; }

  [[nodiscard]] std::string_view refusal_of_question(const PeerId& peer) const;
  // A ban that is allowed takes one of this second's. Ranges are root's alone to ban: what breaks
  // into the gateway does not cut off the world with a few messages.
  std::string_view refusal_of_ban(const PeerId& peer, const base::IpPrefix& target,
                                  std::chrono::nanoseconds now);
  // Of what follows from how the gateway and its servers are; takes one of this second's.
  std::string_view refusal_of_state(const PeerId& peer, std::chrono::nanoseconds now);
  // How the peer stands in the records: "gateway", "root".
  [[nodiscard]] std::string_view name_of(const PeerId& peer) const;

 private:
  // So many in each second.
  struct Allowance {
    std::uint32_t per_second;
    std::uint32_t left = 0;
    std::chrono::nanoseconds filled{-1'000'000'000};

    bool take(std::chrono::nanoseconds now);
  };

  AccessRules rules_;
  Allowance bans_, states_;
};

}  // namespace ravelin::firewall
