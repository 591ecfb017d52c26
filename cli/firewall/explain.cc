// `ravelin firewall explain`: what becomes of one packet, and which line decides.
#include "base/text.h"
#include "cli/firewall/firewall.h"
#include "cli/firewall/trace.h"
#include "cli/report.h"
#include "firewall/control/explanation.h"
#include "firewall/control/packet_text.h"
#include "firewall/control/system_facts.h"

namespace ravelin::cli {
namespace {

using base::Errc;
using base::Result;

struct ExplainFlags {
  FirewallFlags common;
  std::vector<std::string> words;  // [POLICY] PACKET
  bool is_trace = false;
  std::string trace_for = "10s";
};

// The policy of the confirmed revision, as it was applied.
Result<firewall::PolicyBundle> confirmed_bundle(const std::string& path) {
  const auto state = firewall::StateDir::open_to_read(path);
  if (!state) return state.error();
  const auto confirmed = state->confirmed();
  if (!confirmed) return confirmed.error();
  if (!*confirmed)
    return base::fail(Errc::not_found, "no revision is confirmed; name the policy file");
  return state->bundle(**confirmed);
}

Result<firewall::PolicyBundle> bundle_of(const ExplainFlags& flags) {
  if (flags.words.size() == 1) return confirmed_bundle(flags.common.state);
  FirewallFlags common = flags.common;
  common.policy = flags.words.front();
  base::Diagnostics diagnostics;
  auto bundle = read_bundle(common, diagnostics);
  print_error(findings_text(diagnostics));
  if (!bundle) return base::fail(Errc::invalid, "{}: does not parse", common.policy);
  return std::move(*bundle);
}

// What the bundle knows, and the addresses of this host in every zone.
policies::Facts all_facts(const firewall::PolicyBundle& bundle, const policies::Policy& policy) {
  policies::ParsedPolicy asked{policy, {}};
  for (const policies::Zone& zone : policy.zones)
    asked.wanted.own_zones.insert(zone.name);
  policies::Facts facts = bundle.facts;
  facts.own.merge(firewall::SystemFacts().find(asked).own);
  return facts;
}

// What the question is about, in the policy it is asked of.
struct Asked {
  policies::Policy policy;
  firewall::AskedPacket packet;
};

Result<Asked> read_question(const ExplainFlags& flags) {
  auto text = firewall::parse_packet_text(flags.words.back());
  if (!text) return text.error();
  const auto bundle = bundle_of(flags);
  if (!bundle) return bundle.error();
  auto policy = firewall::policy_of(*bundle);
  if (!policy) return policy.error();
  // Of live packets whatever is left out may be anything.
  const auto kind =
      flags.is_trace ? policies::PolicyTest::Kind::never : policies::PolicyTest::Kind::packet;
  auto packet = firewall::resolve_packet(std::move(*text), kind, *bundle, *policy,
                                         all_facts(*bundle, *policy));
  if (!packet) return packet.error();
  return Asked{std::move(*policy), std::move(*packet)};
}

Result<firewall::Answer> explain(const Asked& asked) {
  const auto packet = firewall::packet_of(asked.packet, asked.policy);
  if (!packet) return packet.error();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return firewall::answer_explained(asked.policy,
                                    firewall::explain_packet(asked.policy, *packet, now));
}

ExitCode run(const ExplainFlags& flags) {
  const auto length = base::parse_duration(flags.trace_for);
  if (!length || *length < std::chrono::seconds(1) || *length > std::chrono::hours(1)) {
    print_error(
        fmt::format("ravelin: --for \"{}\" is not a time from 1s to 1h\n", flags.trace_for));
    return ExitCode::usage;
  }
  const auto asked = read_question(flags);
  if (!asked) return report(asked.error());
  if (flags.is_trace) return trace(asked->packet, asked->policy, *length, flags.common.form);
  const auto answer = explain(*asked);
  return answer ? print_answer(*answer, flags.common.form) : report(answer.error());
}

}  // namespace

void add_firewall_explain(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<ExplainFlags>();
  CLI::App* command =
      group.add_subcommand("explain", "what becomes of a packet, step by step; exit 1 if denied");
  command
      ->add_option("words", flags->words,
                   "a policy file (default: what is confirmed) and a packet: "
                   "'in=wan from=203.0.113.9 to=host service=tcp/443'")
      ->required()
      ->expected(1, 2)
      ->type_name("[POLICY] PACKET");
  auto* trace_flag = command->add_flag("--trace", flags->is_trace,
                                       "show live packets like it on their way through the kernel");
  command->add_option("--for", flags->trace_for, "how long to look for them")
      ->type_name("TIME")
      ->capture_default_str()
      ->needs(trace_flag);
  add_state_flags(*command, flags->common);
  add_json_flag(*command, flags->common.form);
  command->callback([&chosen, flags] { chosen = [flags] { return run(*flags); }; });
}

}  // namespace ravelin::cli
