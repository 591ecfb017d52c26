#include "system/confine/seccomp_plan.h"

#include "system/confine/call_arguments.h"
#include "system/confine/call_groups.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace ravelin::system {
namespace {

// What beside the calls of every process a role's own list has.
struct RoleCalls {
  bool writes_files = false;
  bool forks = false;
  bool renices = false;
};

RoleCalls calls_of(ConfinedRole role) {
  switch (role) {
    case ConfinedRole::gateway:  // access log, admin socket, servers the operator ordered
    case ConfinedRole::keys:
      return {.writes_files = true};
    case ConfinedRole::firewall:  // the guard of an unconfirmed change is a child
      return {.writes_files = true, .forks = true};
    case ConfinedRole::certs:
      return {.writes_files = true, .renices = true};
    default:
      return {};
  }
}

// A filter is inherited: whoever starts programs that are not ours gives them his own.
bool starts_programs(const Confinement& confinement) {
  return confinement.starts_programs || confinement.role == ConfinedRole::supervisor ||
         confinement.role == ConfinedRole::programs;
}

void add_calls(SeccompPlan& plan, Calls calls) {
  for (const std::string_view call : calls)
    plan.rules.push_back({call, {}});
}

void add_rules(SeccompPlan& plan, CallRules rules) {
  plan.rules.insert(plan.rules.end(), std::make_move_iterator(rules.begin()),
                    std::make_move_iterator(rules.end()));
}

SeccompPlan plan_for_programs(const Confinement& confinement) {
  SeccompPlan plan;
  plan.rest = SeccompPlan::Rest::allowed;
  add_calls(plan, calls_never_made());
  add_rules(plan, rules_for_namespaces());
  plan.quiet = quiet_refusals(confinement.network, plan.rest);
  return plan;
}

bool is_met(const CallRule& rule, std::string_view call, const CallArguments& arguments) {
  return rule.call == call && std::ranges::all_of(rule.tests, [&](const ArgumentTest& test) {
           return (arguments[test.index] & test.mask) == test.value;
         });
}

}  // namespace

SeccompPlan plan_seccomp(const Confinement& confinement, pid_t own) {
  if (starts_programs(confinement)) return plan_for_programs(confinement);
  const RoleCalls more = calls_of(confinement.role);
  const NetworkAccess& network = confinement.network;
  SeccompPlan plan;
  add_calls(plan, calls_of_every_process());
  add_calls(plan, calls_to_read_files());
  add_calls(plan, calls_on_sockets());
  if (more.writes_files) add_calls(plan, calls_to_write_files());
  if (network.unix_sockets || network.inet || network.netlink)
    add_calls(plan, calls_to_open_sockets());
  if (more.forks) add_calls(plan, calls_for_children());
  add_rules(plan, rules_for_memory(confinement.loads_modules));
  add_rules(plan, rules_for_threads());
  if (more.forks) add_rules(plan, rules_for_forking());
  add_rules(plan, rules_for_itself(own));
  add_rules(plan, rules_for_descriptors());
  add_rules(plan, rules_for_sockets(network));
  if (more.renices) add_rules(plan, rules_for_priority());
  for (const Calls calls : {calls_never_made(), calls_ended_for()})
    plan.ended_for.insert(plan.ended_for.end(), calls.begin(), calls.end());
  plan.quiet = quiet_refusals(network, plan.rest);
  return plan;
}

void allow_sanitizers(SeccompPlan& plan) {
  const Calls calls = calls_of_sanitizers();
  const auto is_theirs = [&](std::string_view call) {
    return std::ranges::find(calls, call) != calls.end();
  };
  std::erase_if(plan.rules, [&](const CallRule& rule) { return is_theirs(rule.call); });
  std::erase_if(plan.ended_for, is_theirs);
  if (plan.rest == SeccompPlan::Rest::refused) add_calls(plan, calls);
}

Verdict judge(const SeccompPlan& plan, std::string_view call, const CallArguments& arguments) {
  const auto meets = [&](const CallRule& rule) { return is_met(rule, call, arguments); };
  if (std::ranges::find(plan.ended_for, call) != plan.ended_for.end()) return Verdict::ended;
  if (std::ranges::any_of(plan.quiet, meets, &QuietRefusal::rule)) return Verdict::refused_quietly;
  const bool is_listed = std::ranges::any_of(plan.rules, meets);
  const bool is_allowed = is_listed == (plan.rest == SeccompPlan::Rest::refused);
  return is_allowed ? Verdict::allowed : Verdict::refused;
}

std::size_t count_allowed(const SeccompPlan& plan) {
  if (plan.rest == SeccompPlan::Rest::allowed) return 0;
  std::set<std::string_view> calls;
  for (const CallRule& rule : plan.rules)
    calls.insert(rule.call);
  return calls.size();
}

}  // namespace ravelin::system
