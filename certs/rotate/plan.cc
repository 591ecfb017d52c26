#include "certs/rotate/plan.h"

#include "base/utc.h"

#include <algorithm>
#include <tuple>

namespace ravelin::certs {
namespace {

bool covers_all(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  });
}

// What an issuer asks for is not believed for longer: the clock was set back since.
constexpr std::chrono::hours kWaitMax{24};
constexpr int kFirstAlone = 3;

// From when on it may be asked for this certificate; the epoch: now.
sys_seconds free_at(const HeldState& held, const std::string& issuer, sys_seconds now) {
  sys_seconds at{};
  if (const auto rest = held.rests.find(issuer); rest != held.rests.end()) at = rest->second.until;
  const auto wait = held.failures.waits.find(issuer);
  if (wait != held.failures.waits.end() && wait->second <= now + kWaitMax)
    at = std::max(at, wait->second);
  return at;
}

// Whose turn it is, whether they are to be left alone or not.
std::vector<std::string> issuers_in_turn(const HeldState& held, const PlannedRenewal& renewal) {
  const std::string& first = held.want.issuers.front();
  const auto rest = held.rests.find(first);
  const int away = rest == held.rests.end() ? 0 : rest->second.away;
  if (renewal.is_emergency || std::max(held.failures.in_a_row, away) >= kFirstAlone)
    return held.want.issuers;
  return {first};
}

// Puts it off until one of them may be asked.
void choose_issuers(const HeldState& held, sys_seconds now, PlannedRenewal& renewal) {
  const std::vector<std::string> in_turn = issuers_in_turn(held, renewal);
  sys_seconds first = sys_seconds::max();
  for (const std::string& issuer : in_turn)
    first = std::min(first, free_at(held, issuer, now));
  if (first > std::max(renewal.at, now)) {
    renewal.at = first;
    renewal.why +=
        fmt::format("; {} is left alone until {}", fmt::join(in_turn, ", "), base::utc_text(first));
  }
  for (const std::string& issuer : in_turn)
    if (free_at(held, issuer, now) <= std::max(renewal.at, now)) renewal.issuers.push_back(issuer);
}

void wait_after_failures(const HeldState& held, sys_seconds now, seconds wait_max,
                         PlannedRenewal& renewal) {
  // One that is still to come was noted before the clock was set back.
  if (held.failures.in_a_row == 0 || held.failures.last > now) return;
  // Each generation that clients refuse costs an order, and the next will hardly fare better.
  constexpr int kRefusedWeighs = 5;
  const seconds wait =
      back_off(held.failures.in_a_row + (kRefusedWeighs - 1) * held.failures.refused);
  const sys_seconds again = held.failures.last + std::min(wait, wait_max);
  if (again > renewal.at) {
    renewal.at = again;
    renewal.why += fmt::format("; again after {} failures", held.failures.in_a_row);
  }
}

PlannedRenewal plan(const HeldState& held, sys_seconds now) {
  PlannedRenewal renewal{.name = held.name};
  seconds wait_max = seconds::max();
  if (!held.served) {
    renewal.why = "nothing is served yet";
    renewal.is_emergency = true;
  } else {
    const RenewalFacts facts{held.name, held.served->not_before(), held.served->not_after(),
                             held.window, held.is_revoked};
    const RenewalTime time = renewal_time(facts);
    const std::string mismatch = mismatch_of(held.want, *held.served);
    renewal.at = mismatch.empty() ? time.at : std::min(time.at, held.served->made);
    renewal.why = mismatch.empty() ? time.why : mismatch;
    renewal.is_emergency = held.is_revoked || now >= emergency_time(facts);
    renewal.not_after = facts.not_after;
    wait_max = longest_wait(facts, held.failures.last);
  }
  wait_after_failures(held, now, wait_max, renewal);
  choose_issuers(held, now, renewal);
  return renewal;
}

}  // namespace

Want want_of(const CertificateConfig& config) {
  Want want{.names = {config.name},
            .issuers = config.issuers,
            .keys = config.keys,
            .profile = config.profile,
            .pins_key = config.pins_key};
  want.names.insert(want.names.end(), config.also.begin(), config.also.end());
  return want;
}

std::string mismatch_of(const Want& want, const GenerationInfo& served) {
  if (served.reason == kPlaceholder) return "a placeholder is served";
  if (!covers_all(served.names, want.names)) return "its names have changed";
  std::vector<std::string> keys;
  for (const PairSlot slot : kPairSlots)
    if (served.facts(slot)) keys.push_back(served.facts(slot)->key);
  if (keys.size() != want.keys.size() || !covers_all(keys, want.keys))
    return "its kinds of keys have changed";
  return {};
}

std::vector<PlannedRenewal> plan_renewals(std::span<const HeldState> held, sys_seconds now) {
  std::vector<PlannedRenewal> renewals;
  renewals.reserve(held.size());
  for (const HeldState& each : held)
    if (!each.want.issuers.empty()) renewals.push_back(plan(each, now));
  std::ranges::sort(renewals, {}, [](const PlannedRenewal& renewal) {
    return std::tuple(renewal.not_after, renewal.at, renewal.name);
  });
  return renewals;
}

}  // namespace ravelin::certs
