// `ravelin firewall check` and `test`: what can be known of a policy from its files alone.
#include "cli/firewall/firewall.h"
#include "cli/report.h"
#include "firewall/control/checks.h"
#include "firewall/trial/trial.h"
#include "policies/analyse/findings.h"

namespace ravelin::cli {
namespace {

namespace json = boost::json;

ExitCode check(const FirewallFlags& flags) {
  base::Diagnostics diagnostics;
  const auto bundle = read_bundle(flags, diagnostics);
  if (bundle) {
    if (const auto policy = firewall::policy_of(*bundle)) {
      const base::Diagnostics found = policies::analyse(*policy);
      for (const base::Finding& finding : found.findings())
        finding.severity == base::Severity::error
            ? diagnostics.error(finding.pos, finding.key, finding.message)
            : diagnostics.warn(finding.pos, finding.key, finding.message);
    }
  }
  const bool is_valid = !diagnostics.has_errors();
  if (flags.form == OutputForm::json) {
    print(findings_json(diagnostics));
    return is_valid ? ExitCode::done : ExitCode::refused;
  }
  print_error(findings_text(diagnostics));
  const std::string counts = count_text(diagnostics);
  if (!is_valid)
    print_error(counts + "; the rules in the kernel are unchanged\n");
  else
    print(fmt::format("{}: valid{}\n", flags.policy, counts.empty() ? "" : " (" + counts + ")"));
  return is_valid ? ExitCode::done : ExitCode::refused;
}

struct TestFlags {
  FirewallFlags common;
  bool is_in_kernel = false;
};

using Outcomes = std::vector<policies::TestOutcome>;

// What needs privileges fails with the command that has them.
base::Result<Outcomes> run(const policies::Policy& policy, const TestFlags& flags,
                           std::chrono::sys_seconds now) {
  if (!flags.is_in_kernel) return policies::run_tests(policy, {.feeds = {}, .wall = now});
  auto outcomes = firewall::trial::run_tests_in_kernel(policy, {.now = now});
  if (outcomes || outcomes.error().code != base::Errc::denied) return outcomes;
  return base::wrap(outcomes.error(),
                    "run: sudo ravelin firewall test --kernel " + flags.common.policy);
}

ExitCode test(const TestFlags& test_flags) {
  const FirewallFlags& flags = test_flags.common;
  base::Diagnostics diagnostics;
  const auto bundle = read_bundle(flags, diagnostics);
  print_error(findings_text(diagnostics));
  if (!bundle) return ExitCode::refused;
  const auto policy = firewall::policy_of(*bundle);
  if (!policy) return report(policy.error());
  json::array array;
  std::string text;
  std::size_t failed = 0;
  const auto outcomes = run(*policy, test_flags, bundle->judged_at);
  if (!outcomes) return report(outcomes.error());
  for (const policies::TestOutcome& outcome : *outcomes) {
    failed += outcome.passed ? 0 : 1;
    const std::string where = fmt::format("{}:{}", outcome.pos.file, outcome.pos.line);
    text +=
        fmt::format("{}  {}: {}\n", outcome.passed ? "pass" : "FAIL", where,
                    outcome.name.empty() ? outcome.message : outcome.name + ": " + outcome.message);
    array.push_back({{"file", outcome.pos.file},
                     {"line", outcome.pos.line},
                     {"name", outcome.name},
                     {"passed", outcome.passed},
                     {"message", outcome.message}});
  }
  text += fmt::format("{} of {} tests passed\n", outcomes->size() - failed, outcomes->size());
  print(flags.form == OutputForm::json
            ? json::serialize(json::object{{"tests", std::move(array)}, {"failed", failed}}) + "\n"
            : text);
  return failed == 0 ? ExitCode::done : ExitCode::no;
}

}  // namespace

void add_firewall_check(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<FirewallFlags>();
  CLI::App* command = group.add_subcommand("check", "validate a policy; changes nothing");
  add_policy_argument(*command, *flags);
  command->callback([&chosen, flags] { chosen = [flags] { return check(*flags); }; });

  auto test_flags = std::make_shared<TestFlags>();
  CLI::App* tests = group.add_subcommand("test", "run the tests a policy brings along");
  add_policy_argument(*tests, test_flags->common);
  tests->add_flag("--kernel", test_flags->is_in_kernel,
                  "with real packets, in network namespaces made for it (needs root)");
  tests->callback([&chosen, test_flags] { chosen = [test_flags] { return test(*test_flags); }; });
}

}  // namespace ravelin::cli
