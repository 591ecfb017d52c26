// `ravelin certs plan` and `renew`: what will be renewed when, and what is due now.
#include "certs/rotate/forecast.h"
#include "certs/rotate/past_orders.h"
#include "certs/rotate/renewer.h"
#include "certs/rotate/replacement.h"
#include "certs/view/store_upkeep.h"
#include "cli/certs/served.h"
#include "cli/report.h"
#include "cli/table.h"

#include <boost/json.hpp>

#include <algorithm>
#include <memory>
#include <set>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using certs::sys_seconds;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

struct PlanFlags {
  CertsFlags common;
  int days_ahead = 30;
  bool asks = false;
  bool is_dry_run = false;
};

// What the unattended renewal would see, without renewing anything.
base::Result<std::vector<certs::RenewalState>> look_ahead(CertsDesk& desk, bool asks) {
  if (const auto names = desk.store().names(); !names) return names.error();
  certs::RotationParts parts = desk.parts();
  if (!asks) parts.find_issuer = [](const std::string&) -> certs::Issuer* { return nullptr; };
  certs::RenewerOptions options;
  options.orders_per_look = 0;
  options.asking_per_look = seconds(3600);  // all of them
  certs::Renewer renewer(std::move(parts), desk.config().names, std::move(options));
  renewer.look({});
  return renewer.states();
}

// ---- plan ----

using LimitsByIssuer = std::map<std::string, certs::CaLimits>;

certs::ForecastEntry entry_of(CertsDesk& desk, const certs::RenewalState& renewal,
                              const LimitsByIssuer& limits) {
  certs::ForecastEntry entry{.name = renewal.planned.name, .at = renewal.planned.at};
  if (const auto want = desk.want(entry.name); want) {
    entry.names = want->names;
    entry.issuer = want->issuers.front();  // without one it is not planned
    entry.orders = want->keys.size();
  }
  entry.past = certs::past_orders(desk.store(), entry.name, entry.names, entry.issuer);
  const auto state = desk.store().state(entry.name);
  if (!state || state->current == 0) return entry;
  const auto kept = certs::kept_generations(desk.store(), entry.name);
  const auto served = std::ranges::find(kept, state->current, &certs::GenerationInfo::number);
  if (served == kept.end() || served->issuer != entry.issuer) return entry;
  entry.lifetime = served->not_after() - served->not_before();
  entry.may_replace = limits.contains(entry.issuer) && limits.at(entry.issuer).exempts_replacing &&
                      certs::may_replace(*served, kept, entry.issuer);
  return entry;
}

std::string day_text(std::chrono::sys_days day) {
  return certs::format_time(day).substr(0, 10);
}

json::object plan_json(const certs::Forecast& forecast,
                       const std::vector<certs::RenewalState>& states) {
  json::array by_day;
  for (const certs::ForecastDay& day : forecast.days) {
    json::object orders;
    for (const auto& [issuer, count] : day.orders)
      orders[issuer] = count;
    json::object exempt;
    for (const auto& [issuer, count] : day.exempt)
      exempt[issuer] = count;
    by_day.push_back(json::object{{"day", day_text(day.day)},
                                  {"renewals", day.renewals},
                                  {"orders", std::move(orders)},
                                  {"ari_exempt", std::move(exempt)}});
  }
  json::array limits;
  for (const certs::LimitUse& use : forecast.limits)
    limits.push_back(json::object{{"issuer", use.issuer},
                                  {"limit", use.limit},
                                  {"used", use.used},
                                  {"most", use.most},
                                  {"assumed", use.is_assumed},
                                  {"exceeded", use.is_exceeded()}});
  json::array renewals;
  for (const certs::RenewalState& state : states)
    renewals.push_back(json::object{{"name", state.planned.name},
                                    {"at", certs::format_time(state.planned.at)},
                                    {"why", state.planned.why}});
  return {{"days", std::move(by_day)},
          {"limits", std::move(limits)},
          {"certificates", std::move(renewals)}};
}

// "31 (30 ARI exempt)"
std::string orders_text(const certs::ForecastDay& day, const std::string& issuer) {
  const auto found = day.orders.find(issuer);
  const auto exempt = day.exempt.find(issuer);
  std::string text = fmt::format("{}", found == day.orders.end() ? 0 : found->second);
  if (exempt != day.exempt.end()) text += fmt::format(" ({} ARI exempt)", exempt->second);
  return text;
}

std::string limit_text(const certs::LimitUse& use) {
  return fmt::format("{} {}: {} of {} {}{}{}\n", use.is_exceeded() ? "WARN" : "ok  ", use.issuer,
                     use.used, use.most, use.limit,
                     use.used == 0 ? std::string() : ", on " + certs::format_time(use.at),
                     use.is_assumed ? " (Let's Encrypt's limit; this CA's are not known)" : "");
}

std::string plan_text(const certs::Forecast& forecast, std::size_t certificates, int days_ahead) {
  std::set<std::string> issuers;
  std::size_t renewals = 0;
  for (const certs::ForecastDay& day : forecast.days) {
    renewals += day.renewals;
    for (const auto& [issuer, count] : day.orders)
      issuers.insert(issuer);
  }
  std::vector<TableRow> table{{"DAY", "RENEWALS"}};
  for (const std::string& issuer : issuers)
    table.front().push_back("ORDERS AT " + issuer);
  for (const certs::ForecastDay& day : forecast.days) {
    TableRow row{day_text(day.day), fmt::format("{}", day.renewals)};
    for (const std::string& issuer : issuers)
      row.push_back(orders_text(day, issuer));
    table.push_back(std::move(row));
  }
  std::string text = forecast.days.empty() ? std::string() : table_text(table);
  text +=
      fmt::format("{} certificates, {} renewals in {} days\n", certificates, renewals, days_ahead);
  bool is_exceeded = false;
  for (const certs::LimitUse& use : forecast.limits) {
    is_exceeded = is_exceeded || use.is_exceeded();
    text += limit_text(use);
  }
  return text + (is_exceeded ? "a limit is exceeded\n" : "no limit is exceeded\n");
}

ExitCode plan(const PlanFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) return desk.error();
  const auto states = look_ahead(**desk, flags.asks);
  if (!states) return report(states.error());
  LimitsByIssuer limits;
  for (const certs::IssuerConfig& issuer : (*desk)->config().issuers)
    if (issuer.kind == certs::IssuerKind::acme)
      limits.emplace(issuer.name, certs::limits_of(issuer.directory));
  std::vector<certs::ForecastEntry> entries;
  entries.reserve(states->size());
  for (const certs::RenewalState& state : *states)
    entries.push_back(entry_of(**desk, state, limits));
  const certs::PublicSuffixes suffixes;
  const certs::Forecast forecast = certs::forecast_orders(
      entries, limits, suffixes, floor<seconds>(base::wall_now()), days(flags.days_ahead));
  print(flags.common.form == OutputForm::json
            ? json::serialize(plan_json(forecast, *states)) + "\n"
            : plan_text(forecast, states->size(), flags.days_ahead));
  return std::ranges::any_of(forecast.limits, &certs::LimitUse::is_exceeded) ? ExitCode::no
                                                                             : ExitCode::done;
}

// ---- renew ----

// `rests`: issuers that were away for the ones before.
ExitCode renew_one(CertsDesk& desk, const PlanFlags& flags, const certs::RenewalState& state,
                   certs::CaRests& rests) {
  const std::string& name = state.planned.name;
  auto want = desk.want(name);
  if (!want) return report(want.error());
  certs::RotationRequest request{name, *want, "renewal", who_asks()};
  request.issuers = state.planned.issuers;
  std::erase_if(request.issuers, [&rests](const std::string& issuer) {
    return rests.until(issuer, floor<seconds>(base::wall_now())) != sys_seconds{};
  });
  if (request.issuers.empty())
    return report(base::fail(base::Errc::unavailable,
                             "{} is left for another time: {} was away for another certificate",
                             name, fmt::join(state.planned.issuers, ", ")));
  certs::RotationParts parts = desk.parts();
  parts.asked = [&rests](const std::string& issuer, const certs::IssueFailure* failure) {
    if (failure == nullptr) return rests.answered(issuer);
    rests.failed(issuer, *failure, floor<seconds>(base::wall_now()));
  };
  const auto done = certs::rotate_certificate(parts, request, {});
  if (done) return print_served(desk, flags.common, name, done->before, done->info);
  const ExitCode code = report(done.error().error);
  if (done.error().retry_after)
    print_error(
        fmt::format("ravelin: the CA asks to wait {} s\n", done.error().retry_after->count()));
  return code;
}

void print_due(const PlanFlags& flags, const std::vector<certs::RenewalState>& due) {
  if (flags.common.form == OutputForm::text) {
    for (const certs::RenewalState& state : due)
      print(fmt::format("{}: {}\n", state.planned.name, state.planned.why));
    if (flags.is_dry_run || due.empty())
      print(fmt::format("{} certificates are due{}\n", due.size(),
                        flags.is_dry_run ? "; nothing was changed (--dry-run)" : ""));
    return;
  }
  // What is renewed says so itself, an object each.
  if (!flags.is_dry_run && !due.empty()) return;
  json::array names;
  for (const certs::RenewalState& state : due)
    names.push_back(json::object{{"name", state.planned.name}, {"why", state.planned.why}});
  print(json::serialize(json::object{{"due", std::move(names)}}) + "\n");
}

ExitCode renew(const PlanFlags& flags) {
  auto desk = CertsDesk::open(flags.common,
                              flags.is_dry_run ? CertsDesk::Need::look : CertsDesk::Need::change);
  if (!desk) return desk.error();
  auto states = look_ahead(**desk, true);
  if (!states) return report(states.error());
  const sys_seconds now = floor<seconds>(base::wall_now());
  std::erase_if(*states, [&](const auto& state) { return !state.planned.is_due(now); });
  print_due(flags, *states);
  ExitCode code = ExitCode::done;
  if (flags.is_dry_run) return code;
  certs::CaRests rests;
  for (const certs::RenewalState& state : *states)
    code = worse(code, renew_one(**desk, flags, state, rests));
  certs::StoreUpkeep((*desk)->store()).tend({});
  return code;
}

}  // namespace

void add_certs_plan(CLI::App& group, Action& chosen) {
  auto ahead = std::make_shared<PlanFlags>();
  CLI::App* planned = group.add_subcommand(
      "plan", "what is renewed on which day, and whether the CAs' limits allow it; exit 1 if not");
  add_certs_flags(*planned, ahead->common);
  planned->add_option("--days", ahead->days_ahead, "how far to look ahead")
      ->check(CLI::Range(1, 400))
      ->type_name("N")
      ->capture_default_str();
  planned->add_flag("--ask", ahead->asks, "ask the CAs when they would like it (ARI)");
  planned->callback([&chosen, ahead] { chosen = [ahead] { return plan(*ahead); }; });
  auto due = std::make_shared<PlanFlags>();
  CLI::App* renewed =
      group.add_subcommand("renew", "what is due, once, as the gateway does unattended");
  add_certs_flags(*renewed, due->common);
  add_probe_flag(*renewed, due->common);
  renewed->add_flag("--dry-run", due->is_dry_run, "say what is due and change nothing");
  renewed->callback([&chosen, due] { chosen = [due] { return renew(*due); }; });
}

}  // namespace ravelin::cli
