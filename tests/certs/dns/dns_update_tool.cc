// Drives a DnsUpdater from a test: puts up every challenge, says so in one line of JSON, and takes
// them down when its stdin ends.
//
//   dns_update_tool {"server": ADDRESS:PORT, "key_file": FILE, "challenges": [[NAME, TEXT], ...],
//   ...}
#include "base/clock.h"
#include "certs/dns/dns_update.h"
#include "tests/support/json_fields.h"

#include <unistd.h>

#include <cstdio>

namespace ravelin::certs {
namespace {

namespace json = boost::json;
using test::number;
using test::text;
using test::texts;

DnsUpdateOptions options_of(const json::object& in) {
  return {.server = text(in, "server"),
          .zone = text(in, "zone"),
          .key_file = text(in, "key_file"),
          .secondaries = texts(in, "secondaries"),
          .resolvers = texts(in, "resolvers"),
          .deadline = std::chrono::seconds(number(in, "deadline", 10)),
          .ask_every = std::chrono::milliseconds(50),
          .now = [skew = std::chrono::seconds(number(in, "skew", 0))] {
            return base::wall_now() + skew;
          }};
}

std::vector<Challenge> challenges_of(const json::object& in) {
  std::vector<Challenge> all;
  for (const json::value& each : in.at("challenges").as_array())
    all.push_back({ChallengeType::dns_01, std::string(each.as_array()[0].as_string()), "token",
                   std::string(each.as_array()[1].as_string())});
  return all;
}

bool run(const json::object& in) {
  DnsUpdater updater(options_of(in));
  const std::vector<Challenge> challenges = challenges_of(in);
  json::object out{{"ok", true}};
  json::array values;
  for (const Challenge& challenge : challenges) {
    values.emplace_back(dns_record_value(challenge));
    if (const auto put = updater.put_up(challenge); !put) {
      out["ok"] = false;
      out["error"] = put.error().message;
      break;
    }
  }
  out["values"] = std::move(values);
  const bool is_ok = out.at("ok").as_bool();
  std::puts(json::serialize(out).c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  for (const Challenge& challenge : challenges)
    updater.take_down(challenge);
  return is_ok;
}

}  // namespace
}  // namespace ravelin::certs

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return ravelin::certs::run(boost::json::parse(argv[1]).as_object()) ? 0 : 1;
}
