// `ravelin certs check`: is what the store serves in order, and does a listener show it?
#include "base/address.h"
#include "base/text.h"
#include "certs/rotate/check_against.h"
#include "cli/certs/served.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <algorithm>
#include <memory>
#include <set>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using certs::CheckLevel;
using certs::ServedCheck;
using certs::Worry;

struct CheckFlags {
  CertsFlags common;
  std::vector<std::string> names;
  std::string against;
  std::string warn;
  std::string crit;
  bool is_nagios = false;
};

// What plugins of Nagios and its heirs say by their exit status.
enum class NagiosCode { ok = 0, warning = 1, critical = 2, unknown = 3 };

ExitCode exit_code(NagiosCode code) {
  return static_cast<ExitCode>(code);
}

base::Result<std::optional<std::chrono::seconds>> threshold(const std::string& text,
                                                            std::string_view flag) {
  using Threshold = std::optional<std::chrono::seconds>;
  if (text.empty()) return Threshold();
  const auto time = base::parse_duration(text);
  if (!time) return base::wrap(time.error(), flag);
  return Threshold(std::chrono::floor<std::chrono::seconds>(*time));
}

base::Result<certs::ExpiryThresholds> thresholds_of(const CheckFlags& flags) {
  const auto warning = threshold(flags.warn, "--warn");
  if (!warning) return warning.error();
  const auto critical = threshold(flags.crit, "--crit");
  if (!critical) return critical.error();
  return certs::ExpiryThresholds{*warning, *critical};
}

// The first address of HOST:PORT.
base::Result<certs::acme::SocketAddress> resolve(const std::string& text) {
  const auto endpoint = base::parse_endpoint(text);
  if (!endpoint) return base::wrap(endpoint.error(), "--against");
  std::string host;
  std::uint16_t port = 0;
  if (const auto* address = std::get_if<base::IpEndpoint>(&*endpoint); address != nullptr) {
    host = base::to_string(address->address);
    port = address->port;
  } else if (const auto* name = std::get_if<base::NameEndpoint>(&*endpoint); name != nullptr) {
    host = name->name;
    port = name->port;
  } else {
    return base::fail(base::Errc::invalid, "--against: \"{}\" is not HOST:PORT", text);
  }
  certs::acme::Resolver resolver;
  constexpr std::chrono::seconds kResolving{10};
  const auto addresses = resolver.resolve(host, port, {base::mono_now() + kResolving});
  if (!addresses) return base::wrap(addresses.error(), "--against");
  return addresses->front();
}

// What is to be looked at: all of the store, and what the configuration wants beside it.
base::Result<std::set<std::string>> names_of(CertsDesk& desk, const CheckFlags& flags) {
  if (!flags.names.empty()) return std::set<std::string>(flags.names.begin(), flags.names.end());
  const auto held = desk.store().names();
  if (!held) return held.error();
  std::set<std::string> names(held->begin(), held->end());
  for (const certs::CertificateConfig& wanted : desk.config().names)
    names.insert(wanted.name);
  return names;
}

base::Result<std::vector<ServedCheck>> check_all(CertsDesk& desk, const CheckFlags& flags) {
  const auto thresholds = thresholds_of(flags);
  if (!thresholds) return thresholds.error();
  const auto names = names_of(desk, flags);
  if (!names) return names.error();
  const auto revoked = desk.store().revoked_keys();
  if (!revoked) return revoked.error();
  const auto taken_back = certs::revoked_serials(desk.store().paths());
  if (!taken_back) return taken_back.error();
  std::optional<certs::acme::SocketAddress> address;
  if (!flags.against.empty()) {
    const auto found = resolve(flags.against);
    if (!found) return found.error();
    address = *found;
  }
  std::vector<ServedCheck> checks;
  for (const std::string& name : *names) {
    auto want = desk.want(name);
    if (!want) return want.error();
    const base::WallTime now = base::wall_now();
    checks.push_back(certs::check_served(desk.store(), name, std::move(*want),
                                         {*revoked, *taken_back, *thresholds, now}));
    ServedCheck& check = checks.back();
    if (!address || !check.served || check.want.profile == "client") continue;
    constexpr std::chrono::minutes kPatience{2};
    for (certs::CheckLine& line :
         certs::check_against(desk.store(), check, *address, now, {base::mono_now() + kPatience})) {
      line.text = flags.against + ": " + line.text;
      check.lines.push_back(std::move(line));
    }
  }
  return checks;
}

bool is_unreachable(const ServedCheck& check) {
  return std::ranges::any_of(
      check.lines, [](const certs::CheckLine& line) { return line.code == certs::kUnreachable; });
}

// What a script is told of one certificate.
ExitCode code_of(const ServedCheck& check) {
  if (is_unreachable(check)) return ExitCode::could_not;
  return check.has_failed() || check.worry != Worry::none ? ExitCode::no : ExitCode::done;
}

NagiosCode nagios_of(const ServedCheck& check) {
  if (check.has_failed()) return NagiosCode::critical;
  return check.warnings() == 0 ? NagiosCode::ok : NagiosCode::warning;
}

std::string_view result_text(const ServedCheck& check) {
  if (check.has_failed()) return "failed";
  return check.warnings() == 0 ? "ok" : "warning";
}

json::object check_json(const ServedCheck& check) {
  json::array lines;
  for (const certs::CheckLine& line : check.lines)
    lines.push_back(json::object{
        {"level", certs::text_of(line.level)}, {"code", line.code}, {"text", line.text}});
  json::object out{{"name", check.name},
                   {"result", result_text(check)},
                   {"generation", check.served ? check.served->info.number : 0},
                   {"checks", std::move(lines)}};
  if (check.served) out["not_after"] = certs::format_time(check.served->info.not_after());
  return out;
}

std::string check_text(const ServedCheck& check) {
  std::string text =
      check.served ? fmt::format("{} (generation {})\n", check.name, check.served->info.number)
                   : check.name + "\n";
  for (const certs::CheckLine& line : check.lines)
    text += fmt::format("  {:<4}  {}{}{}\n", certs::text_of(line.level), line.code,
                        line.code.empty() ? "" : ": ", line.text);
  return text;
}

// The worst of it in one line, and how long the first to end has left.
ExitCode print_nagios(const std::vector<ServedCheck>& checks) {
  constexpr std::string_view kWords[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  auto worst = NagiosCode::ok;
  std::string what;
  std::size_t in_trouble = 0;
  std::optional<certs::sys_seconds> first_end;
  for (const ServedCheck& check : checks) {
    const NagiosCode code = nagios_of(check);
    in_trouble += code == NagiosCode::ok ? 0 : 1;
    if (check.served)
      first_end = std::min(first_end.value_or(check.served->info.not_after()),
                           check.served->info.not_after());
    if (code <= worst) continue;
    worst = code;
    const auto line = std::ranges::find_if(check.lines, [&](const certs::CheckLine& each) {
      return each.level ==
             (code == NagiosCode::critical ? CheckLevel::failed : CheckLevel::warning);
    });
    what = fmt::format(" - {}: {}: {}", check.name, line->code, line->text);
  }
  std::ranges::replace(what, '\n', ' ');
  std::ranges::replace(what, '|', '/');
  const auto left = first_end ? std::chrono::floor<std::chrono::days>(*first_end - base::wall_now())
                              : std::chrono::days(0);
  print(fmt::format("CERTS {}{} ({} certificates, {} in trouble) | days_left={} in_trouble={}\n",
                    kWords[static_cast<std::size_t>(worst)], what, checks.size(), in_trouble,
                    left.count(), in_trouble));
  return exit_code(worst);
}

ExitCode print_checks(const CheckFlags& flags, const std::vector<ServedCheck>& checks) {
  ExitCode code = ExitCode::done;
  std::size_t failed = 0;
  std::size_t warnings = 0;
  json::array all;
  std::string text;
  for (const ServedCheck& check : checks) {
    code = worse(code, code_of(check));
    failed += check.has_failed() ? 1 : 0;
    warnings += check.warnings();
    if (flags.common.form == OutputForm::json)
      all.push_back(check_json(check));
    else
      text += check_text(check);
  }
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{
              {"certificates", std::move(all)}, {"failed", failed}, {"warnings", warnings}}) +
          "\n");
  else
    print(text + fmt::format("result: {} certificates, {} failed, {} warnings\n", checks.size(),
                             failed, warnings));
  return code;
}

ExitCode check(const CheckFlags& flags) {
  auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
  if (!desk) {
    if (flags.is_nagios) print("CERTS UNKNOWN - the store cannot be looked at\n");
    return flags.is_nagios ? exit_code(NagiosCode::unknown) : desk.error();
  }
  const auto checks = check_all(**desk, flags);
  if (checks) return flags.is_nagios ? print_nagios(*checks) : print_checks(flags, *checks);
  if (!flags.is_nagios) return report(checks.error());
  print("CERTS UNKNOWN - " + checks.error().message + "\n");
  return exit_code(NagiosCode::unknown);
}

}  // namespace

void add_certs_check(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = group.add_subcommand(
      "check", "is what is served in order, and does a listener show it; exit 1 if not");
  add_certs_flags(*command, flags->common);
  command->add_option("name", flags->names, "which (all without this)")->type_name("NAME");
  command
      ->add_option("--against", flags->against,
                   "shake hands there, for each key and version of TLS, and compare")
      ->type_name("HOST:PORT");
  command
      ->add_option("--warn", flags->warn,
                   "too little time is left from here on (21d, or a quarter of a short lifetime)")
      ->type_name("TIME");
  command->add_option("--crit", flags->crit, "far too little (7d, or a tenth of a short lifetime)")
      ->type_name("TIME");
  command->add_flag("--nagios", flags->is_nagios,
                    "one line, and 0 ok, 1 warning, 2 critical, 3 unknown");
  command->callback([&chosen, flags] { chosen = [flags] { return check(*flags); }; });
}

}  // namespace ravelin::cli
