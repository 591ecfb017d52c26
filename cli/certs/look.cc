// `ravelin certs list|show`: what is in the store.
#include "certs/certificate.h"
#include "certs/rotate/schedule.h"
#include "cli/certs/canary.h"
#include "cli/certs/desk.h"
#include "cli/report.h"
#include "cli/table.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;

struct ShowFlags {
  CertsFlags common;
  std::string name;
};

// One certificate as `list` shows it.
struct Row {
  std::string name;
  std::uint64_t generation = 0;
  certs::GenerationInfo info;
  sys_seconds renews{};  // the epoch: never
  std::string why;
  certs::Failures failures;
  bool is_pending = false;
  std::optional<certs::Canary> canary{};
};

std::string keys_text(const certs::GenerationInfo& info) {
  std::string text;
  for (const certs::PairSlot slot : certs::kPairSlots)
    if (info.facts(slot)) text += (text.empty() ? "" : "+") + info.facts(slot)->key;
  return text;
}

std::string left_text(sys_seconds end, sys_seconds now) {
  if (end <= now) return "ended";
  const seconds left = end - now;
  const auto whole = floor<days>(left);
  if (whole >= days(3)) return fmt::format("{}d", whole.count());
  return fmt::format("{}h", floor<std::chrono::hours>(left).count());
}

base::Result<Row> row_of(CertsDesk& desk, const std::string& name) {
  const auto state = desk.store().state(name);
  if (!state) return state.error();
  Row row{.name = name, .generation = state->current, .is_pending = state->has_pending};
  row.failures = certs::failures_in(desk.store().history(name));
  row.canary = certs::find_canary(desk.store(), name);
  if (state->current == 0) return row;
  auto info = desk.store().info(name, state->current);
  if (!info) return info.error();
  row.info = std::move(*info);
  const auto want = desk.want(name);
  if (!want || want->issuers.empty()) {
    row.why = "never (no issuer)";
    return row;
  }
  const certs::RenewalTime when = certs::renewal_time(
      {.name = name, .not_before = row.info.not_before(), .not_after = row.info.not_after()});
  row.renews = when.at;
  row.why = when.why;
  return row;
}

std::string state_text(const Row& row, sys_seconds now) {
  if (row.generation == 0) return "WARN nothing is served yet";
  if (row.info.not_after() <= now) return "WARN has ended";
  if (row.failures.in_a_row != 0)
    return fmt::format("WARN last {} tries failed: {}", row.failures.in_a_row, row.failures.why);
  if (row.canary)
    return fmt::format("ok, canary: generation {} for {}", row.canary->generation,
                       certs::share_text(row.canary->share));
  return row.is_pending ? "ok, an order is pending" : "ok";
}

json::object row_json(const Row& row, sys_seconds now) {
  json::object out{{"name", row.name},
                   {"generation", row.generation},
                   {"names", json::array(row.info.names.begin(), row.info.names.end())},
                   {"keys", keys_text(row.info)},
                   {"issuer", row.info.issuer},
                   {"state", state_text(row, now)},
                   {"failures", row.failures.in_a_row},
                   {"pending", row.is_pending}};
  if (row.canary) out["canary"] = canary_json(*row.canary);
  if (row.generation != 0) out["not_after"] = certs::format_time(row.info.not_after());
  if (row.renews != sys_seconds{}) out["renews"] = certs::format_time(row.renews);
  return out;
}

ExitCode list(const ShowFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) return desk.error();
  const auto names = (*desk)->store().names();
  if (!names) return report(names.error());
  const sys_seconds now = floor<seconds>(base::wall_now());
  std::vector<TableRow> table = {{"NAME", "KEYS", "ISSUER", "GEN", "LEFT", "NEXT", "STATE"}};
  json::array all;
  std::size_t warnings = 0;
  for (const std::string& name : *names) {
    const auto row = row_of(**desk, name);
    if (!row) {
      ++warnings;
      table.push_back({name, "", "", "", "", "", "WARN " + row.error().message});
      all.push_back({{"name", name}, {"state", "WARN " + row.error().message}});
      continue;
    }
    const std::string state = state_text(*row, now);
    warnings += state.starts_with("WARN") ? 1 : 0;
    table.push_back(
        {name, keys_text(row->info), row->info.issuer, fmt::format("{}", row->generation),
         row->generation == 0 ? "" : left_text(row->info.not_after(), now),
         row->renews == sys_seconds{} ? row->why : certs::format_time(row->renews), state});
    all.push_back(row_json(*row, now));
  }
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"certificates", std::move(all)}, {"warnings", warnings}}) +
          "\n");
  else
    print(table_text(table) +
          fmt::format("{} certificates, {} with a warning\n", names->size(), warnings));
  return ExitCode::done;
}

std::string generation_text(CertsDesk& desk, const certs::CertificateState& state,
                            std::uint64_t number) {
  const auto info = desk.store().info(state.name, number);
  if (!info) return fmt::format("  {}  WARN {}\n", number, info.error().message);
  const char* mark = number == state.current ? "*" : number == state.previous ? "-" : " ";
  std::string text = fmt::format("{} {}  {} by {} on {}, until {}, {}\n", mark, number,
                                 info->reason, info->issuer, certs::format_time(info->made),
                                 certs::format_time(info->not_after()), keys_text(*info));
  for (const certs::PairSlot slot : certs::kPairSlots)
    if (const auto& facts = info->facts(slot); facts)
      text += fmt::format("      {}: serial {}, signed by {}\n", facts->key, facts->serial,
                          facts->issuer_name);
  return text;
}

ExitCode show(const ShowFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) return desk.error();
  const auto row = row_of(**desk, flags.name);
  if (!row) return report(row.error());
  const sys_seconds now = floor<seconds>(base::wall_now());
  if (flags.common.form == OutputForm::json) {
    print(json::serialize(row_json(*row, now)) + "\n");
    return ExitCode::done;
  }
  const auto state = (*desk)->store().state(flags.name);
  if (!state) return report(state.error());
  std::string text = fmt::format("{}: {}\nnames: {}\n", row->name, state_text(*row, now),
                                 fmt::join(row->info.names, " "));
  text += row->renews == sys_seconds{}
              ? "renews: " + row->why + "\n"
              : fmt::format("renews {} because {}\n", certs::format_time(row->renews), row->why);
  if (row->canary) text += canary_text(*row->canary) + "\n";
  text += "generations (* served, - before it):\n";
  for (const std::uint64_t number : state->generations)
    text += generation_text(**desk, *state, number);
  text += "history:\n";
  for (const certs::HistoryEntry& entry : (*desk)->store().history(flags.name))
    text += fmt::format("  {}  {} by {} on {}: {}\n", certs::format_time(entry.at), entry.event,
                        entry.by, entry.node, entry.detail);
  print(text);
  return ExitCode::done;
}

}  // namespace

void add_certs_look(CLI::App& group, Action& chosen) {
  auto listed = std::make_shared<ShowFlags>();
  CLI::App* all = group.add_subcommand("list", "every certificate of the store");
  add_certs_flags(*all, listed->common);
  all->callback([&chosen, listed] { chosen = [listed] { return list(*listed); }; });
  auto shown = std::make_shared<ShowFlags>();
  CLI::App* one =
      group.add_subcommand("show", "one certificate: generations, history, what is next");
  add_certs_flags(*one, shown->common);
  one->add_option("name", shown->name, "which")->required()->type_name("NAME");
  one->callback([&chosen, shown] { chosen = [shown] { return show(*shown); }; });
}

}  // namespace ravelin::cli
