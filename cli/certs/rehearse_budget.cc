// What of a CA's limits an order would take, from what the store remembers of the past days.
#include "base/text.h"
#include "certs/rotate/forecast.h"
#include "certs/rotate/past_orders.h"
#include "certs/rotate/replacement.h"
#include "cli/certs/rehearse.h"

#include <algorithm>

namespace ravelin::cli {
namespace {

using certs::CheckLevel;
using std::chrono::floor;
using std::chrono::seconds;

// What was ordered of an issuer, for all certificates.
void count_past(const certs::StoreDir& store, const std::string& issuer, certs::OrderCount& count) {
  const auto names = store.names();
  if (!names) return;
  for (const std::string& name : *names) {
    const auto want = store.want(name);
    const std::vector<std::string> covered = want ? want->names : std::vector<std::string>{name};
    for (const certs::Orders& orders : certs::past_orders(store, name, covered, issuer))
      count.add(orders);
  }
}

certs::OrderKind kind_of_next(const certs::StoreDir& store, const std::string& issuer,
                              const certs::Want& want) {
  const std::string& name = want.names.front();
  const auto state = store.state(name);
  const auto kept = certs::kept_generations(store, name);
  if (state) {
    const auto served = std::ranges::find(kept, state->current, &certs::GenerationInfo::number);
    if (served != kept.end() && certs::may_replace(*served, kept, issuer))
      return certs::OrderKind::replacing;
  }
  return certs::kind_of(want.names, certs::past_orders(store, name, want.names, issuer));
}

}  // namespace

void check_budget(CertsDesk& desk, const certs::IssuerConfig& issuer, const certs::Want& want,
                  RehearsalLines& lines) {
  const certs::CaLimits limits = certs::limits_of(issuer.directory);
  if (limits.limits.empty()) return;
  const certs::PublicSuffixes suffixes;
  certs::OrderCount count(limits, suffixes);
  count_past(desk.store(), issuer.name, count);
  const certs::OrderKind kind = kind_of_next(desk.store(), issuer.name, want);
  if (kind == certs::OrderKind::replacing && limits.exempts_replacing) {
    lines.push_back({CheckLevel::ok, "",
                     issuer.name + ": budget: it says what it replaces (ARI): no limit counts it"});
    return;
  }
  const auto now = floor<seconds>(base::wall_now());
  count.add({now, want.names, kind, want.keys.size()});
  std::vector<std::string> texts;
  bool is_exceeded = false;
  for (const certs::LimitUse& use : count.left_for(issuer.name, want.names, now)) {
    texts.push_back(fmt::format("{}/{} {}", use.used, use.most, use.limit));
    is_exceeded = is_exceeded || use.is_exceeded();
  }
  const CheckLevel worse = limits.is_assumed ? CheckLevel::warning : CheckLevel::failed;
  lines.push_back(
      {is_exceeded ? worse : CheckLevel::ok, is_exceeded ? "E_BUDGET" : "",
       fmt::format("{}: budget with this order: {}{}", issuer.name, base::join(texts, ", "),
                   limits.is_assumed ? " (Let's Encrypt's limits; this CA's are not known)" : "")});
}

}  // namespace ravelin::cli
