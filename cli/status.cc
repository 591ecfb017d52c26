// `ravelin status`: what the running gateway serves, with what, and what is wrong.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/server_rows.h"

#include <chrono>
#include <cstdio>
#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;

std::string joined(const json::array& texts) {
  std::string out;
  for (const json::value& text : texts) {
    const json::string* string = text.if_string();
    if (string == nullptr) continue;
    if (!out.empty()) out += " ";
    out += std::string_view(*string);
  }
  return out;
}

// "2026-11-24T11:20:45Z"; the epoch for anything else.
sys_seconds parse_time(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2dZ", &year, &month, &day, &hour,
                               &minute, &second);
  if (read != 6) return {};
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         seconds(second);
}

// In two units at most: "35 d 2 h", "2 h 5 min", "40 s".
std::string rough(seconds time) {
  const auto all = time.count();
  if (all < 60) return fmt::format("{} s", all);
  if (all < 3600) return fmt::format("{} min {} s", all / 60, all % 60);
  if (all < 86'400) return fmt::format("{} h {} min", all / 3600, all / 60 % 60);
  return fmt::format("{} d {} h", all / 86'400, all / 3600 % 24);
}

std::string time_left(sys_seconds end, sys_seconds now) {
  return end > now ? rough(end - now) : "expired " + rough(now - end) + " ago";
}

std::string head_text(const json::value& status) {
  const sys_seconds now = parse_time(text_at(status, "time"));
  const std::string started = text_at(status, "started");
  const std::string state =
      flag_at(status, "ready") ? "ready" : "not ready (" + text_at(status, "reason") + ")";
  std::string text =
      fmt::format("ravelin {}, pid {}: {}, up {} (since {})\n", text_at(status, "version"),
                  number_at(status, "pid"), state, rough(now - parse_time(started)), started);
  const json::value* reload = status.as_object().if_contains("last_reload");
  text += fmt::format("configuration {}: generation {} of {}\n", text_at(status, "config"),
                      number_at(status, "generation"),
                      reload == nullptr ? "" : text_at(*reload, "time"));
  if (reload != nullptr && !flag_at(*reload, "ok"))
    text += "last reload refused, the generation before serves on:\n" + text_at(*reload, "error") +
            "\n";
  return text + fmt::format("requests in flight: {}\n", number_at(status, "requests_in_flight"));
}

// What is out of the ordinary; nothing where all is well.
std::string pressure_text(const json::value& status) {
  std::string text;
  const json::object& all = status.as_object();
  if (const json::value* overload = all.if_contains("overload")) {
    const std::string actions = joined(list_at(*overload, "actions"));
    const json::value* percent = overload->as_object().if_contains("percent");
    if (!actions.empty() && percent != nullptr) {
      text += fmt::format("overload: {} (memory {} %, descriptors {} %, lag {} %)\n", actions,
                          number_at(*percent, "memory"), number_at(*percent, "descriptors"),
                          number_at(*percent, "lag"));
    }
  }
  if (const json::value* limits = all.if_contains("limits")) {
    const std::int64_t max = number_at(*limits, "rate_entries_max");
    if (max != 0)
      text += fmt::format("rate limits: {} of {} keys in use\n", number_at(*limits, "rate_entries"),
                          max);
  }
  if (const json::value* abuse = all.if_contains("abuse")) {
    const std::int64_t watched = number_at(*abuse, "watched");
    const std::int64_t banned = number_at(*abuse, "banned");
    if (watched != 0 || banned != 0)
      text += fmt::format("abuse: {} clients watched, {} banned\n", watched, banned);
  }
  return text;
}

// The last replacement of the program; nothing where it went well.
std::string upgrade_text(const json::value& status) {
  const json::value* upgrade = status.as_object().if_contains("last_upgrade");
  if (upgrade == nullptr || text_at(*upgrade, "state") == "ready") return {};
  const std::string ago = rough(std::chrono::seconds(number_at(*upgrade, "seconds_ago")));
  if (text_at(*upgrade, "state") == "starting")
    return fmt::format("upgrade: under way for {}\n", ago);
  return fmt::format("upgrade: failed {} ago: {}\n", ago, text_at(*upgrade, "error"));
}

std::vector<TableRow> listener_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"LISTENER", "ADDRESSES", "TLS"}};
  for (const json::value& listener : list_at(status, "listeners")) {
    rows.push_back({text_at(listener, "listener"), joined(list_at(listener, "addresses")),
                    flag_at(listener, "tls") ? "yes" : "no"});
  }
  return rows;
}

std::vector<TableRow> worker_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"WORKER", "GENERATION", "CONNECTIONS"}};
  for (const json::value& worker : list_at(status, "workers")) {
    rows.push_back({fmt::format("{}", number_at(worker, "worker")),
                    fmt::format("{}", number_at(worker, "generation")),
                    fmt::format("{}", number_at(worker, "connections"))});
  }
  return rows;
}

std::vector<TableRow> source_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"POOL", "SOURCE", "FOUND"}};
  for (const json::value& pool : list_at(status, "pools")) {
    for (const json::value& source : list_at(pool, "sources"))
      rows.push_back({text_at(pool, "pool"), text_at(source, "source"), text_at(source, "status")});
  }
  return rows;
}

std::vector<TableRow> certificate_rows(const json::value& status) {
  const sys_seconds now = parse_time(text_at(status, "time"));
  std::vector<TableRow> rows = {{"CERTIFICATE", "LISTENER", "NOT AFTER", "LEFT", "FILE"}};
  for (const json::value& certificate : list_at(status, "certificates")) {
    const std::string end = text_at(certificate, "not_after");
    rows.push_back({joined(list_at(certificate, "names")), text_at(certificate, "listener"), end,
                    time_left(parse_time(end), now), text_at(certificate, "file")});
  }
  return rows;
}

std::vector<TableRow> client_crl_rows(const json::value& status) {
  const sys_seconds now = parse_time(text_at(status, "time"));
  std::vector<TableRow> rows = {{"CRL OF CLIENTS", "LISTENER", "STATE", "LEFT", "REVOKED", "FROM"}};
  for (const json::value& list : list_at(status, "client_crls")) {
    const std::string state = text_at(list, "state");
    const bool is_there = state != "missing";
    rows.push_back({text_at(list, "issuer"), text_at(list, "listener"), state,
                    is_there ? time_left(parse_time(text_at(list, "next_update")), now) : "-",
                    is_there ? fmt::format("{}", number_at(list, "revoked")) : "-",
                    is_there ? text_at(list, "from") : "-"});
  }
  return rows;
}

// Of lists that are not got as they should; nothing where all is well.
std::string crl_source_text(const json::value& status) {
  const sys_seconds now = parse_time(text_at(status, "time"));
  std::string text;
  for (const json::value& source : list_at(status, "crl_sources")) {
    const std::string error = text_at(source, "error");
    if (error.empty()) continue;
    text += fmt::format("CRL of clients: {}, {} ago, {} in a row: {}\n", text_at(source, "last"),
                        rough(now - parse_time(text_at(source, "last_at"))),
                        number_at(source, "failures"), error);
  }
  return text;
}

// The store of certificates; nothing where there is none.
std::string store_text(const json::value& status) {
  const json::value* store = status.as_object().if_contains("store");
  if (store == nullptr || text_at(*store, "path").empty()) return {};
  const sys_seconds now = parse_time(text_at(status, "time"));
  std::string text =
      fmt::format("store {}: {} certificates, served by {} of {} workers (revision {})\n",
                  text_at(*store, "path"), number_at(*store, "certificates"),
                  number_at(*store, "workers_serving"), number_at(*store, "workers"),
                  number_at(*store, "revision"));
  if (const std::string made = text_at(*store, "ticket_key_made"); !made.empty())
    text += fmt::format("session ticket key: {} old\n", rough(now - parse_time(made)));
  if (const std::string trouble = text_at(*store, "trouble"); !trouble.empty())
    text += "the store cannot be followed, what was read serves on: " + trouble + "\n";
  for (const json::value& refused : list_at(*store, "refused"))
    text += fmt::format("refused: {}: {}\n", text_at(refused, "name"), text_at(refused, "reason"));
  if (const json::value* failure = store->as_object().if_contains("last_failure"))
    text += fmt::format("last failure: {}, {} ago, {} in a row: {}\n", text_at(*failure, "name"),
                        rough(now - parse_time(text_at(*failure, "failed"))),
                        number_at(*failure, "failures"), text_at(*failure, "error"));
  return text;
}

std::vector<TableRow> ca_limit_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"LIMIT OF CA", "LEFT", "OF", "WHERE LEAST IS LEFT"}};
  const json::value* store = status.as_object().if_contains("store");
  if (store == nullptr) return rows;
  for (const json::value& limit : list_at(*store, "limits")) {
    const std::string what = text_at(limit, "what");
    rows.push_back({text_at(limit, "issuer") + " " + text_at(limit, "limit"),
                    fmt::format("{}", number_at(limit, "left")),
                    fmt::format("{}{}", number_at(limit, "most"),
                                flag_at(limit, "assumed") ? " (assumed)" : ""),
                    what.empty() ? "-" : what});
  }
  return rows;
}

std::vector<TableRow> expiry_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"ENDS FIRST", "GENERATION", "NOT AFTER", "LEFT"}};
  const json::value* store = status.as_object().if_contains("store");
  if (store == nullptr) return rows;
  const sys_seconds now = parse_time(text_at(status, "time"));
  for (const json::value& expiry : list_at(*store, "soonest")) {
    const std::string end = text_at(expiry, "not_after");
    rows.push_back({text_at(expiry, "name"), fmt::format("{}", number_at(expiry, "generation")),
                    end, time_left(parse_time(end), now)});
  }
  return rows;
}

std::vector<TableRow> renewal_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"RENEWED NEXT", "IN", "WHY"}};
  const json::value* store = status.as_object().if_contains("store");
  if (store == nullptr) return rows;
  const sys_seconds now = parse_time(text_at(status, "time"));
  for (const json::value& renewal : list_at(*store, "next_renewals")) {
    const sys_seconds at = parse_time(text_at(renewal, "at"));
    rows.push_back(
        {text_at(renewal, "name"), at > now ? rough(at - now) : "now", text_at(renewal, "why")});
  }
  return rows;
}

std::vector<TableRow> process_rows(const json::value& status) {
  std::vector<TableRow> rows = {
      {"PROCESS", "PID", "UP", "STARTS", "STATE", "CONFINED", "LAST END"}};
  for (const json::value& process : list_at(status, "processes")) {
    const std::int64_t pid = number_at(process, "pid");
    rows.push_back({text_at(process, "role"), pid == 0 ? "-" : fmt::format("{}", pid),
                    rough(std::chrono::seconds(number_at(process, "up_seconds"))),
                    fmt::format("{}", number_at(process, "starts")), text_at(process, "condition"),
                    text_at(process, "confinement"), text_at(process, "last_end")});
  }
  return rows;
}

std::vector<TableRow> liberty_rows(const json::value& status) {
  std::vector<TableRow> rows = {{"PROCESS", "MAY"}};
  for (const json::value& process : list_at(status, "processes")) {
    std::string all;
    for (const json::value& one : list_at(process, "may_do"))
      all += (all.empty() ? "" : "; ") + std::string(one.as_string());
    if (!all.empty()) rows.push_back({text_at(process, "role"), all});
  }
  return rows;
}

std::string status_text(const json::value& status) {
  std::string text = head_text(status) + upgrade_text(status) + pressure_text(status) +
                     store_text(status) + crl_source_text(status);
  for (const std::vector<TableRow>& rows :
       {process_rows(status), liberty_rows(status), listener_rows(status), worker_rows(status),
        server_rows(status), source_rows(status), certificate_rows(status), client_crl_rows(status),
        expiry_rows(status), renewal_rows(status), ca_limit_rows(status)}) {
    if (rows.size() > 1) text += "\n" + table_text(rows);
  }
  return text;
}

ExitCode status(const AdminFlags& flags) {
  const auto answer = ask_gateway(flags, "GET", "/v1/status");
  if (!answer) return report_failure(answer.error());
  if (!answer->json.is_object()) return report_failure({"the answer is no status"});
  print(flags.form == OutputForm::json ? answer->text : status_text(answer->json));
  return flag_at(answer->json, "ready") ? ExitCode::done : ExitCode::no;
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
  auto flags = std::make_shared<AdminFlags>();
  CLI::App* command = app.add_subcommand(
      "status", "what the running gateway serves and with what; 1 while it is not ready");
  add_admin_flags(*command, *flags);
  command->callback([&chosen, flags] { chosen = [flags] { return status(*flags); }; });
}

}  // namespace ravelin::cli
