// Servers that this host is kept from for a while: new connections to them are refused here, where
// they would leave. What is under way goes on, and health checks get through.
#include "base/socket_priority.h"
#include "firewall/compile/lowering.h"

namespace ravelin::firewall {
namespace {

using base::Family;

constexpr std::int32_t kBeforeOutput = -1;  // whatever the lists of the policy allow
constexpr std::uint32_t kNew = 8;           // of ct state

Key server_key(Family family) {
  return {{family == Family::ipv4 ? Field::ip_daddr : Field::ip6_daddr, 0}, {Field::tcp_dport, 0}};
}

void add_server_set(Lowering& lowering, std::string_view name, Family family) {
  Set set{.name = std::string(name)};
  for (const KeyPart& part : server_key(family))
    set.key.push_back(part.field);
  set.has_timeout = true;
  set.is_external = true;
  set.size = static_cast<std::uint32_t>(lowering.policy.quarantine->size);
  lowering.add_set(std::move(set));
}

void append_refusal(const policies::Quarantine& quarantine, std::string_view set, Family family,
                    Chain& chain) {
  std::vector<Statement> statements;
  if (quarantine.uid)
    statements.emplace_back(Match{Field::skuid, Comparison::equal, host_order(*quarantine.uid)});
  statements.emplace_back(Match{Field::ct_state, Comparison::has_any, host_order(kNew)});
  statements.emplace_back(
      Match{Field::priority, Comparison::not_equal, host_order(base::kLetThroughPriority)});
  statements.emplace_back(Lookup{server_key(family), std::string(set)});
  statements.emplace_back(Counter{});
  statements.emplace_back(Reject{Reject::With::tcp_reset});
  chain.rules.push_back(
      {std::move(statements), provenance(quarantine.pos, "quarantine"), quarantine.pos});
}

}  // namespace

void lower_quarantine(Lowering& lowering) {
  if (!lowering.policy.quarantine) return;
  const policies::Quarantine& quarantine = *lowering.policy.quarantine;
  Chain chain{.name = lowering.name("quarantine")};
  chain.hook = Hook{Hook::Type::filter, Hook::Point::output, kBeforeOutput, Hook::Policy::accept};
  chain.rules.push_back({{interface_match(Field::oifname, "lo"), accept()}, {}, {}});
  add_server_set(lowering, set_names::kQuarantine4, Family::ipv4);
  add_server_set(lowering, set_names::kQuarantine6, Family::ipv6);
  append_refusal(quarantine, set_names::kQuarantine4, Family::ipv4, chain);
  append_refusal(quarantine, set_names::kQuarantine6, Family::ipv6, chain);
  lowering.add_chain(std::move(chain));
}

}  // namespace ravelin::firewall
