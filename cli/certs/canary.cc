// `ravelin certs canary`: the generation that is tried on some clients.
#include "cli/certs/canary.h"

#include "base/text.h"
#include "certs/rotate/take_back.h"
#include "cli/certs/served.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct CanaryFlags {
  CertsFlags common;
  std::string name;
  CanaryWords wish;
  bool is_finished = false;
  bool is_ended = false;
};

ExitCode print_state(const CanaryFlags& flags, const certs::Canary& canary,
                     const std::string& gateway) {
  if (flags.common.form == OutputForm::json) {
    json::object out = canary_json(canary);
    out["gateway"] = gateway;
    print(json::serialize(out) + "\n");
    return ExitCode::done;
  }
  print(canary_text(canary) + "\n" + gateway);
  return ExitCode::done;
}

ExitCode finish(CertsDesk& desk, const CanaryFlags& flags) {
  const auto canary = certs::find_canary(desk.store(), flags.name);
  const auto done = certs::finish_canary(desk.parts(), flags.name, who_asks());
  if (!done) return report(done.error());
  return print_served(desk, flags.common, flags.name, canary ? canary->beside : 0, *done);
}

ExitCode end(CertsDesk& desk, const CanaryFlags& flags) {
  const auto ended = certs::give_up_canary(desk.parts(), flags.name, "", who_asks());
  if (!ended) return report(ended.error());
  const auto seen =
      desk.await_gateway(flags.name, {.generation = ended->beside, .no_canary = true});
  const std::string gateway = seen ? seen->text : seen.error().message;
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"name", flags.name},
                                       {"given_up", ended->generation},
                                       {"generation", ended->beside},
                                       {"gateway", gateway}}) +
          "\n");
  else
    print(fmt::format("generation {} of {} is given up: all clients get generation {}\n",
                      ended->generation, flags.name, ended->beside) +
          (seen ? gateway : ""));
  return seen ? ExitCode::done : report(seen.error());
}

ExitCode run(const CanaryFlags& flags) {
  const auto wish = parse_canary_words(flags.wish);
  if (!wish) return report(wish.error());
  const bool looks = !*wish && !flags.is_finished && !flags.is_ended;
  auto desk =
      CertsDesk::open(flags.common, looks ? CertsDesk::Need::look : CertsDesk::Need::change);
  if (!desk) return desk.error();
  if (flags.is_finished) return finish(**desk, flags);
  if (flags.is_ended) return end(**desk, flags);
  if (looks) {
    const auto canary = certs::find_canary((*desk)->store(), flags.name);
    if (!canary)
      return report(base::fail(base::Errc::not_found, "no canary of \"{}\" is on", flags.name));
    return print_state(flags, *canary, "");
  }
  const auto changed = certs::change_canary((*desk)->parts(), flags.name, **wish, who_asks());
  if (!changed) return report(changed.error());
  const auto seen = (*desk)->await_gateway(
      flags.name, {.generation = changed->generation, .share = changed->share});
  if (!seen) return report(seen.error());
  return print_state(flags, *changed, seen->text);
}

}  // namespace

void add_canary_words(CLI::App& command, CanaryWords& words, bool is_flag) {
  const char* what = "try it on this share of the clients: 5%, 0.5%";
  CLI::Option* share = is_flag ? command.add_option("--canary", words.share, what)
                               : command.add_option("share", words.share, what);
  share->type_name("SHARE");
  command
      .add_option("--for", words.lasts,
                  "then all get it, if no client had trouble (without it: when you say so)")
      ->type_name("TIME")
      ->needs(share);
}

base::Result<std::optional<certs::CanaryWish>> parse_canary_words(const CanaryWords& words) {
  if (words.share.empty()) return std::optional<certs::CanaryWish>();
  const auto share = certs::parse_share(words.share);
  if (!share) return share.error();
  certs::CanaryWish wish{.share = *share};
  if (words.lasts.empty()) return std::optional(wish);
  const auto lasts = base::parse_duration(words.lasts);
  if (!lasts) return base::wrap(lasts.error(), "--for");
  wish.lasts = std::chrono::floor<std::chrono::seconds>(*lasts);
  constexpr std::chrono::days kMost{30};
  if (wish.lasts < std::chrono::seconds(1) || wish.lasts > kMost)
    return base::fail(base::Errc::invalid, "--for: is between a second and 30 days");
  return std::optional(wish);
}

std::string canary_text(const certs::Canary& canary) {
  std::string text = fmt::format("canary: generation {} for {} of the clients, beside {}, since {}",
                                 canary.generation, certs::share_text(canary.share), canary.beside,
                                 certs::format_time(canary.since));
  if (canary.lasts.count() != 0)
    text += fmt::format("; for all from {} on", certs::format_time(canary.since + canary.lasts));
  return text;
}

json::object canary_json(const certs::Canary& canary) {
  json::object out{{"name", canary.name},
                   {"generation", canary.generation},
                   {"beside", canary.beside},
                   {"share", static_cast<double>(canary.share) / certs::kWholeShare},
                   {"since", certs::format_time(canary.since)}};
  if (canary.lasts.count() != 0)
    out["for_all_from"] = certs::format_time(canary.since + canary.lasts);
  return out;
}

void add_certs_canary(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<CanaryFlags>();
  CLI::App* command = group.add_subcommand(
      "canary", "what `rotate --canary` tries on some clients: more of them, all, or none");
  add_certs_flags(*command, flags->common);
  add_probe_flag(*command, flags->common);
  command->add_option("name", flags->name, "which")->required()->type_name("NAME");
  add_canary_words(*command, flags->wish, false);
  CLI::Option* all = command->add_flag("--finish", flags->is_finished, "all clients get it");
  command->add_flag("--end", flags->is_ended, "no client gets it any more")->excludes(all);
  command->callback([&chosen, flags] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace ravelin::cli
