#include "cli/certs/served.h"

#include "certs/certificate.h"
#include "certs/rotate/take_back.h"
#include "cli/report.h"

namespace ravelin::cli {

namespace json = boost::json;

json::object served_json(const std::string& name, std::uint64_t before,
                         const certs::GenerationInfo& info) {
  return {{"name", name},
          {"before", before},
          {"generation", info.number},
          {"issuer", info.issuer},
          {"names", json::array(info.names.begin(), info.names.end())},
          {"not_after", certs::format_time(info.not_after())}};
}

namespace {

// What became of a generation after it was published.
struct Aftermath {
  std::string probe;    // what the probe saw; "" = there was none
  std::string trouble;  // and what was done about it; "" = nothing is wrong
};

Aftermath look_at_listeners(CertsDesk& desk, const std::string& name, std::uint64_t before,
                            const certs::GenerationInfo& info, const CertsDesk::GatewayWord& word) {
  const auto want = desk.want(name);
  if (word.places.empty() || (want && want->profile == "client")) return {};
  constexpr std::chrono::seconds kPatience{20};
  const certs::ProbeReport seen =
      certs::probe_swap(desk.store(), name, info.number, word.places, base::wall_now(),
                        {base::mono_now() + kPatience});
  Aftermath after{seen.text, ""};
  if (seen.says == certs::ProbeSays::nothing) after.probe += "; nothing is known by that";
  if (seen.says == certs::ProbeSays::another) after.trouble = "probe: " + seen.text;
  if (seen.says != certs::ProbeSays::refused) return after;
  after.trouble = fmt::format("probe: {}: ", seen.text);
  if (info.reason == "key-compromise") {
    after.trouble += "it stays, since the key before is in other hands";
    return after;
  }
  if (const std::string unfit = certs::unfit_to_go_back(desk.parts(), name, before);
      !unfit.empty()) {
    after.trouble += fmt::format("it stays: {}", unfit);
    return after;
  }
  const auto back = certs::take_back(
      desk.parts(), {name, info.number, before, "probe: " + seen.text, who_asks()});
  if (!back)
    after.trouble += "it could not be taken back: " + back.error().message;
  else if (!*back)
    after.trouble += fmt::format("generation {} was taken back by another", info.number);
  else
    after.trouble += fmt::format("generation {} was taken back, generation {} is served again",
                                 info.number, before);
  return after;
}

// What is left to do, or how to go back.
std::string next_steps(const std::string& name, const certs::GenerationInfo& info) {
  if (info.reason != "key-compromise")
    return fmt::format("undo: ravelin certs rollback {}\n", name);
  return fmt::format(
      "next: ravelin certs revoke {} --reason key-compromise: clients trust the key before until "
      "then\n"
      "      ravelin certs tickets rotate: sessions under the key before are resumed until then\n",
      name);
}

}  // namespace

ExitCode print_served(CertsDesk& desk, const CertsFlags& flags, const std::string& name,
                      std::uint64_t before, const certs::GenerationInfo& info,
                      const std::vector<std::string>& notes) {
  const auto seen = desk.await_gateway(name, {.generation = info.number});
  Aftermath after;
  if (seen && flags.is_probed) after = look_at_listeners(desk, name, before, info, *seen);
  if (flags.form == OutputForm::json) {
    json::object out = served_json(name, before, info);
    if (!notes.empty()) out["notes"] = json::array(notes.begin(), notes.end());
    out["gateway"] = seen ? seen->text : seen.error().message;
    if (!after.probe.empty()) out["probe"] = after.probe;
    if (!after.trouble.empty()) out["trouble"] = after.trouble;
    print(json::serialize(out) + "\n");
  } else {
    for (const std::string& note : notes)
      print(note + "\n");
    print(fmt::format("generation {} -> {}: {}, until {}\n", before, info.number, info.issuer,
                      certs::format_time(info.not_after())));
    if (seen) print(seen->text);
    if (!after.probe.empty() && after.trouble.empty()) print("probe: " + after.probe + "\n");
    if (before != 0 && after.trouble.empty()) print(next_steps(name, info));
  }
  if (!seen) return report(seen.error());
  return after.trouble.empty() ? ExitCode::done
                               : report(base::fail(base::Errc::unavailable, "{}", after.trouble));
}

}  // namespace ravelin::cli
