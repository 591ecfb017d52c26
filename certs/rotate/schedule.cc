#include "certs/rotate/schedule.h"

#include "base/hash.h"
#include "base/utc.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortLived = std::chrono::days(10);
constexpr int kEmergencyPart = 20;

// Where in [0, 1) this certificate stands: the same for everyone who knows it.
double share_of(const RenewalFacts& facts) {
  const auto begin = static_cast<std::uint64_t>(facts.not_before.time_since_epoch().count());
  const std::uint64_t bits =
      base::mix_bits(base::fnv1a(facts.name) ^ base::mix_bits(begin + base::kGoldenRatio));
  return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

sys_seconds to_seconds(base::WallTime time) {
  return std::chrono::floor<seconds>(time);
}

seconds part(seconds whole, double share) {
  return seconds(static_cast<seconds::rep>(static_cast<double>(whole.count()) * share));
}

}  // namespace

sys_seconds emergency_time(const RenewalFacts& facts) {
  return facts.not_after - (facts.not_after - facts.not_before) / kEmergencyPart;
}

RenewalTime renewal_time(const RenewalFacts& facts) {
  if (facts.is_revoked) return {facts.not_before, "it or its key is revoked"};
  const seconds lifetime = facts.not_after - facts.not_before;
  const sys_seconds latest = emergency_time(facts);
  if (facts.window) {
    const sys_seconds start = to_seconds(facts.window->start);
    const seconds length = std::max(to_seconds(facts.window->end) - start, 0s);
    const sys_seconds at = start + part(length, share_of(facts));
    if (at < latest)
      return {at, fmt::format("the CA asks for it between {} and {}", base::utc_text(start),
                              base::utc_text(start + length))};
    return {latest, "the CA's window ends too late: a twentieth of its lifetime is left"};
  }
  const bool is_short = lifetime < kShortLived;
  const seconds left = is_short ? lifetime / 2 : lifetime / 3;
  // Earlier, not later: by up to a twentieth of the lifetime.
  const sys_seconds at = facts.not_after - left - part(lifetime / kEmergencyPart, share_of(facts));
  return {at, is_short ? "half of its lifetime is over" : "two thirds of its lifetime are over"};
}

seconds back_off(int failures) {
  constexpr std::array<std::chrono::minutes, 10> kSteps = {1min,  2min,   5min,   10min,  30min,
                                                           60min, 120min, 240min, 480min, 720min};
  if (failures <= 0) return 0s;
  const auto step = static_cast<std::size_t>(failures - 1);
  return step < kSteps.size() ? seconds(kSteps[step]) : seconds(24h);
}

seconds longest_wait(const RenewalFacts& facts, sys_seconds failed) {
  constexpr int kWaitPart = 8;
  const seconds left = facts.not_after - failed;
  if (left <= 0s) return 1h;
  const seconds wait = std::max<seconds>(left / kWaitPart, 1min);
  return facts.is_revoked ? std::min<seconds>(wait, 1h) : wait;
}

Failures failures_in(std::span<const HistoryEntry> history) {
  Failures failures;
  Failures before;  // the last generation came about
  for (const HistoryEntry& entry : history) {
    if (entry.event == "failed" || entry.event == "refused") {
      // What clients did not take has not come about.
      if (entry.event == "refused") {
        failures.in_a_row += before.in_a_row;
        failures.refused += before.refused + 1;
        before = {};
      }
      ++failures.in_a_row;
      failures.last = entry.at;
      failures.why = entry.detail;
      if (!entry.waits_for.empty()) failures.waits[entry.waits_for] = entry.waits_until;
    } else if (entry.event != "revoke" && entry.event != "probe" && entry.event != "rollback" &&
               entry.event != "export" && entry.event != "canary") {
      before = std::exchange(failures, {});
    }
  }
  return failures;
}

}  // namespace ravelin::certs
