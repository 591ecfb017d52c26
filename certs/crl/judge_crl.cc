#include "certs/crl/judge_crl.h"

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

constexpr std::array<std::string_view, kCrlFetches> kFetchWords{
    "unchanged", "taken", "older", "expired", "not_yet", "refused", "failed"};

constexpr int kDoublingsMax = 16;

// Both without leading zero bytes.
bool is_above(std::string_view number, std::string_view other) {
  return number.size() != other.size() ? number.size() > other.size() : number > other;
}

bool is_newer(const CrlFacts& offered, const CrlFacts& held) {
  if (offered.number.empty() || held.number.empty()) return offered.this_update > held.this_update;
  return is_above(offered.number, held.number);
}

}  // namespace

CrlVerdict judge_crl(const CrlFacts* held, const CrlFacts& offered, base::WallTime now) {
  if (held != nullptr && held->sha256 == offered.sha256) return CrlVerdict::unchanged;
  if (held != nullptr && !is_newer(offered, *held)) return CrlVerdict::older;
  if (offered.this_update > now) return CrlVerdict::not_yet;
  return CrlVerdict::newer;
}

bool is_over(const CrlFacts& facts, base::WallTime now) {
  return facts.next_update && *facts.next_update <= now;
}

std::string_view to_string(CrlFetch result) {
  return kFetchWords[static_cast<std::size_t>(result)];
}

bool is_good(CrlFetch result) {
  return result == CrlFetch::unchanged || result == CrlFetch::taken;
}

std::chrono::seconds until_next_fetch(const CrlStanding& standing, const CrlTiming& timing,
                                      base::WallTime now) {
  using std::chrono::seconds;
  const bool has_good = standing.ends_first && *standing.ends_first > now;
  if (standing.failures > 0) {
    const auto longest =
        std::min(has_good ? timing.retry_max : timing.retry_max_without, timing.refresh);
    const auto doubled =
        timing.first_retry * (1LL << std::min(standing.failures - 1, kDoublingsMax));
    return std::min<seconds>(doubled, longest);
  }
  if (!has_good) return std::min(timing.refresh, timing.retry_max_without);
  const auto half = std::chrono::floor<seconds>((*standing.ends_first - now) / 2);
  return std::min(timing.refresh, std::max(half, std::min(timing.first_retry, timing.refresh)));
}

}  // namespace ravelin::certs
