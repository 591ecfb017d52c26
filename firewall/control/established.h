// Which of the flows that exist a policy would not let begin. Rules never see a packet of an
// established flow, so these have to be ended by hand. Pure; one thread.
//
// Whoever is in doubt lives: a flow is denied only when every zone that could have its ends denies
// it, before and after NAT, whatever feeds hold, whoever on this host sends it, with no limit used
// up. So what only a feed, an owner or a limit denies goes on.
#pragma once

#include "firewall/control/paths.h"
#include "firewall/kernel/flow.h"
#include "policies/analyse/prove.h"
#include "policies/simulate/simulate.h"

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace ravelin::firewall {

class FlowJudge {
 public:
  // `paths` and `policy` outlive it. `peer`: the operator's own session.
  FlowJudge(const policies::Policy& policy, const Paths& paths,
            std::optional<policies::SshPeer> peer, std::chrono::sys_seconds now);

  // Who denies it ("edge.yaml:35", "the end of the lists"); none: it may go on. Management, the
  // operator's session, what stays on this host, what a helper announced and what has seen no
  // reply always may.
  std::optional<std::string> denied_by(const Flow& flow);

  // So many were not looked at: the policy is too large to try all flows on it in seconds.
  [[nodiscard]] std::uint64_t unjudged() const { return unjudged_; }

 private:
  // All but the source's port, which no rule asks about.
  using Case = std::tuple<base::IpAddress, base::IpAddress, std::uint8_t, std::uint16_t,
                          base::IpAddress, std::uint16_t>;

  [[nodiscard]] bool is_protected(const Flow& flow) const;
  [[nodiscard]] std::vector<std::string> interfaces_of(const base::IpAddress& address) const;
  std::optional<std::string> judge(const Flow& flow);
  std::optional<std::string> judge_between(const Flow& flow, const std::string& in,
                                           const base::IpAddress& destination);
  policies::Fate fate(const policies::Policy& policy, const policies::Packet& packet);

  const policies::Policy& policy_;
  policies::Policy generous_;         // the most it could allow
  policies::Policy generous_no_nat_;  // of packets that NAT has turned already
  const Paths& paths_;
  std::optional<policies::SshPeer> peer_;
  std::chrono::sys_seconds now_;
  std::uint64_t cost_ = 1;  // of trying one packet: rules
  std::uint64_t spent_ = 0;
  std::uint64_t unjudged_ = 0;
  std::map<Case, std::optional<std::string>> known_;
};

// The policy with every condition that cannot be told of a flow taken to its favour.
policies::Policy most_generous(policies::Policy policy);

}  // namespace ravelin::firewall
