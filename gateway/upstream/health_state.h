// What checks, failures of requests, name resolution and the operator mean for one server: the
// decisions of the health monitor as functions over values. No clock, no I/O; any thread.
#pragma once

#include "base/clock.h"
#include "gateway/config/config.h"
#include "gateway/upstream/agent_reply.h"
#include "gateway/upstream/server.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// What one check found. `detail` says what was wrong, in our words only; empty when it passed.
struct CheckResult {
  bool passed = false;
  std::string detail;
  bool is_void = false;  // it could not be made here: it says nothing about the server
  std::optional<int> weight_percent = std::nullopt;  // what the answer says of the server's weight
};

// What a server's agent said last; it holds until it says otherwise.
struct AgentState {
  bool is_down = false;
  AgentReply::Order order = AgentReply::Order::unsaid;
  std::string why;  // the agent's words, perhaps none

  [[nodiscard]] AdminState ordered() const {
    if (order == AgentReply::Order::maint) return AdminState::maint;
    return order == AgentReply::Order::drain ? AdminState::drain : AdminState::ready;
  }

  bool operator==(const AgentState&) const = default;
};

// True when that changes the state.
bool take_reply(AgentState& state, const AgentReply& reply);

struct HealthState {
  // By active checks. A server is taken for healthy until `fall` of them failed in a row.
  bool passing = true;
  int against = 0;           // checks in a row that say the opposite of `passing`
  std::string check_detail;  // of the last failed check

  // By failures of requests in a row.
  bool ejected = false;
  int ejections = 0;  // in a row
  base::MonoTime ejected_until;
  base::MonoTime returned;
  std::string ejection_detail;

  AgentState agent;

  bool resolved = true;  // its name has addresses; true for what is not a name
};

enum class HealthChange : std::uint8_t { none, up, down };

// One more check. The change it makes, at the `rise`th or `fall`th in a row; void ones do not
// count.
HealthChange count_check(HealthState& state, const HealthConfig& config, const CheckResult& result);
// Checks no longer say anything about this server: it is healthy until new ones say otherwise.
// True when that is a change.
bool forget_checks(HealthState& state);

// base * 2^ejections, at most max: how long a server stays out that was ejected `ejections` times
// in a row before.
base::Duration ejection_time(const EjectionConfig& config, int ejections);
// Puts a server out; it may return at state.ejected_until. A server that stayed in for max_time
// after its last return starts from the base time again.
void begin_ejection(HealthState& state, const EjectionConfig& config, base::MonoTime now,
                    std::string detail);
void end_ejection(HealthState& state, base::MonoTime now);

// Whether a server may be ejected, given the others of its pool: only while another one can take
// its requests (with none, ejecting would turn some errors into nothing but errors), and while no
// more than `max_percent` of all of them are out then; one always may be.
struct PoolMember {
  bool is_usable = false;
  std::uint32_t weight = 0;
  bool has_addresses = true;
  bool is_ejected = false;
};

bool may_eject(const std::vector<PoolMember>& others, int max_percent);

// All causes together. The operator's order is named before the agent's, that before an ejection,
// that before a failed check.
struct Verdict {
  std::string_view state;  // up, down, unresolved, ejected, drain, maint
  std::string reason;      // why it is not usable; empty for up

  [[nodiscard]] bool is_usable() const { return state == "up"; }
};

Verdict judge(const HealthState& state, AdminState admin);

// ---- when to check ----
// The same server gets the same sequence in every process; different servers spread out.
std::uint64_t check_seed(std::string_view identity);
// The interval before check number `count`, within `jitter_percent` around the configured one.
base::Duration jittered_interval(const HealthConfig& config, std::uint64_t seed,
                                 std::uint64_t count);
// The same, by how the checks so far went: shorter while they speak against the server's state.
base::Duration next_interval(const HealthConfig& config, const HealthState& state,
                             std::uint64_t seed, std::uint64_t count);
// From now to the first check: spread over the interval, at most 2 s.
base::Duration first_check_delay(const HealthConfig& config, std::uint64_t seed);

}  // namespace ravelin::gateway
