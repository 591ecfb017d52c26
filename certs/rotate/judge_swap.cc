#include "certs/rotate/judge_swap.h"

#include <fmt/format.h>

namespace ravelin::certs {
namespace {

struct Trouble {
  std::string cause{};  // "" = there is none
  std::string what{};
};

Trouble trouble_of(const SwapFacts& facts, const SwapSeen& seen, const SwapRules& rules) {
  if (seen.probe == ProbeSays::refused) return {"probe", seen.probe_text};
  const std::uint64_t least = facts.is_canary ? rules.canary_refusing_least : rules.refusing_least;
  const bool is_jump =
      seen.refusing >= least && seen.accepted <= seen.refusing * rules.accepted_per_refusing;
  if (!is_jump) return {};
  return {"alerts", fmt::format("{} clients that took the one before refuse it", seen.refusing)};
}

// Why it stays all the same; "" = it does not.
std::string keeps(const SwapFacts& facts) {
  if (facts.is_canary) return {};
  if (facts.reason == "key-compromise") return "the key before is in other hands";
  if (facts.is_chosen) return "it was gone to by rollback";
  if (facts.was_taken_back) return "it was taken back once before";
  return facts.older_unfit;
}

}  // namespace

SwapVerdict judge_swap(const SwapFacts& facts, const SwapSeen& seen, const SwapRules& rules) {
  Trouble trouble = trouble_of(facts, seen, rules);
  if (!trouble.cause.empty()) {
    const std::string kept = keeps(facts);
    if (kept.empty()) return {SwapStep::take_back, std::move(trouble.what), trouble.cause};
    return {SwapStep::settled, fmt::format("{}; it stays: {}", trouble.what, kept), trouble.cause};
  }
  const bool is_endless = facts.is_canary && rules.lasts == std::chrono::seconds(0);
  if (is_endless || seen.since < rules.lasts) return {};
  std::string why =
      fmt::format("{} handshakes, {} clients refuse it", seen.accepted, seen.refusing);
  if (seen.probe == ProbeSays::nothing && !seen.probe_text.empty())
    why += "; no probe: " + seen.probe_text;
  if (seen.probe == ProbeSays::another) why += "; probe: " + seen.probe_text;
  return {SwapStep::settled, std::move(why), ""};
}

}  // namespace ravelin::certs
