#include "cli/certs/served.h"

#include "certs/certificate.h"
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

ExitCode print_served(const CertsDesk& desk, const CertsFlags& flags, const std::string& name,
                      std::uint64_t before, const certs::GenerationInfo& info,
                      const std::vector<std::string>& notes) {
  const auto seen = desk.await_gateway(name, info.number);
  if (flags.form == OutputForm::json) {
    json::object out = served_json(name, before, info);
    if (!notes.empty()) out["notes"] = json::array(notes.begin(), notes.end());
    out["gateway"] = seen ? *seen : seen.error().message;
    print(json::serialize(out) + "\n");
  } else {
    for (const std::string& note : notes)
      print(note + "\n");
    print(fmt::format("generation {} -> {}: {}, until {}\n", before, info.number, info.issuer,
                      certs::format_time(info.not_after())));
    if (seen) print(*seen);
    if (before != 0) print(fmt::format("undo: ravelin certs rollback {}\n", name));
  }
  return seen ? ExitCode::done : report(seen.error());
}

}  // namespace ravelin::cli
