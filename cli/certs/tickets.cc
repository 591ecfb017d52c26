// `ravelin certs tickets`: the keys of session tickets that gateways on a store share.
#include "base/utc.h"
#include "certs/certificate.h"
#include "certs/store/ticket_file.h"
#include "cli/certs/desk.h"
#include "cli/report.h"

#include <boost/json.hpp>

#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using std::chrono::floor;
using std::chrono::seconds;

ExitCode show(const CertsFlags& flags) {
  auto desk = CertsDesk::open(flags, CertsDesk::Need::look);
  if (!desk) return desk.error();
  const auto keys = certs::read_tickets((*desk)->store().paths());
  if (!keys) return report(keys.error());
  json::array list;
  std::string text = fmt::format("{} keys, the newest encrypts\n", keys->size());
  for (const certs::StoredTicketKey& key : *keys) {
    text += fmt::format("  made {}\n", certs::format_time(key.made));
    list.push_back(json::object{{"made", base::utc_text(key.made)}});
  }
  print(flags.form == OutputForm::json
            ? json::serialize(json::object{{"keys", std::move(list)}}) + "\n"
            : text);
  return ExitCode::done;
}

ExitCode rotate(const CertsFlags& flags) {
  auto desk = CertsDesk::open(flags, CertsDesk::Need::change);
  if (!desk) return desk.error();
  const auto done = certs::replace_tickets((*desk)->store(), floor<seconds>(base::wall_now()));
  if (!done) return report(done.error());
  if (flags.form == OutputForm::json)
    print(json::serialize(json::object{{"replaced", true}}) + "\n");
  else
    print("one new key; gateways take it within seconds, and no ticket of before any more\n");
  return ExitCode::done;
}

}  // namespace

void add_certs_tickets(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<CertsFlags>();
  CLI::App* tickets = group.add_subcommand("tickets", "the keys of session tickets");
  add_certs_flags(*tickets, *flags);
  auto rotated = std::make_shared<CertsFlags>();
  CLI::App* replace = tickets->add_subcommand("rotate", "one new key in place of all");
  add_certs_flags(*replace, *rotated);
  tickets->callback([&chosen, flags, replace] {
    if (!replace->parsed()) chosen = [flags] { return show(*flags); };
  });
  replace->callback([&chosen, rotated] { chosen = [rotated] { return rotate(*rotated); }; });
}

}  // namespace ravelin::cli
