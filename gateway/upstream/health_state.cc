#include "gateway/upstream/health_state.h"

#include "base/hash.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using namespace std::chrono_literals;

namespace {

constexpr Duration kFirstCheckMax = 2s;
constexpr Duration kIntervalMin = 10ms;

std::uint64_t mix(std::uint64_t value) {
  return base::mix_bits(value + base::kGoldenRatio);
}

// 0 to span, inclusive.
Duration spread(Duration span, std::uint64_t random) {
  const auto width = static_cast<std::uint64_t>(span.count()) + 1;
  return Duration(static_cast<Duration::rep>(random % width));
}

}  // namespace

HealthChange count_check(HealthState& state, const HealthConfig& config,
                         const CheckResult& result) {
  if (result.is_void) return HealthChange::none;
  if (!result.passed) state.check_detail = result.detail;
  if (result.passed == state.passing) {
    state.against = 0;
    return HealthChange::none;
  }
  ++state.against;
  if (state.against < (state.passing ? config.fall : config.rise)) return HealthChange::none;
  state.against = 0;
  state.passing = !state.passing;
  return state.passing ? HealthChange::up : HealthChange::down;
}

bool forget_checks(HealthState& state) {
  state.against = 0;
  state.check_detail.clear();
  return !std::exchange(state.passing, true);
}

Duration ejection_time(const EjectionConfig& config, int ejections) {
  Duration time = config.base_time;
  for (int i = 0; i < ejections && time < config.max_time; ++i)
    time *= 2;
  return std::min<Duration>(time, config.max_time);
}

void begin_ejection(HealthState& state, const EjectionConfig& config, MonoTime now,
                    std::string detail) {
  if (state.ejections != 0 && now - state.returned >= config.max_time) state.ejections = 0;
  state.ejected = true;
  state.ejected_until = now + ejection_time(config, state.ejections);
  ++state.ejections;
  state.ejection_detail = std::move(detail);
}

void end_ejection(HealthState& state, MonoTime now) {
  state.ejected = false;
  state.returned = now;
}

bool may_eject(const std::vector<PoolMember>& others, int max_percent) {
  const auto ejected = std::ranges::count_if(others, &PoolMember::is_ejected);
  const auto all = static_cast<std::ptrdiff_t>(others.size()) + 1;
  if (ejected != 0 && (ejected + 1) * 100 > all * max_percent) return false;
  return std::ranges::any_of(others, [](const PoolMember& other) {
    return other.is_usable && other.weight != 0 && other.has_addresses;
  });
}

bool take_reply(AgentState& state, const AgentReply& reply) {
  using Health = AgentReply::Health;
  using Order = AgentReply::Order;
  AgentState next = state;
  if (reply.health != Health::unsaid) next.is_down = reply.health == Health::down;
  if (reply.order != Order::unsaid) next.order = reply.order;
  if (next.is_down != state.is_down || next.order != state.order) next.why = reply.why;
  if (next == state) return false;
  state = std::move(next);
  return true;
}

Verdict judge(const HealthState& state, AdminState admin) {
  using Order = AgentReply::Order;
  const AgentState& agent = state.agent;
  const auto by_agent = [&agent](std::string_view what) {
    return fmt::format("{}{}{}", what, agent.why.empty() ? "" : ": ", agent.why);
  };
  if (admin == AdminState::maint) return {"maint", "in maintenance, by the operator"};
  if (admin == AdminState::drain) return {"drain", "draining, by the operator"};
  if (agent.order == Order::maint) return {"maint", by_agent("in maintenance, by its agent")};
  if (agent.order == Order::drain) return {"drain", by_agent("draining, by its agent")};
  if (!state.resolved) return {"unresolved", "its name has no address yet"};
  if (state.ejected) return {"ejected", state.ejection_detail};
  if (agent.is_down) return {"down", by_agent("down, by its agent")};
  if (!state.passing) return {"down", state.check_detail};
  return {"up", ""};
}

std::uint64_t check_seed(std::string_view identity) {
  return base::fnv1a(identity);
}

Duration jittered_interval(const HealthConfig& config, std::uint64_t seed, std::uint64_t count) {
  const Duration interval = config.interval;
  const Duration jitter = interval * config.jitter_percent / 100;
  const Duration chosen = interval - jitter + spread(2 * jitter, mix(seed ^ mix(count)));
  return std::max(chosen, kIntervalMin);
}

Duration next_interval(const HealthConfig& config, const HealthState& state, std::uint64_t seed,
                       std::uint64_t count) {
  if (state.against == 0) return jittered_interval(config, seed, count);
  HealthConfig fast = config;
  const bool is_given = config.fast_interval.count() != 0;
  fast.interval = is_given ? config.fast_interval : config.interval / 4;
  return jittered_interval(fast, seed, count);
}

Duration first_check_delay(const HealthConfig& config, std::uint64_t seed) {
  return spread(std::min<Duration>(config.interval, kFirstCheckMax), mix(seed));
}

}  // namespace ravelin::gateway
