// `ravelin route`: which listener, route and pool a request meets, and why not another. From the
// configuration alone; nothing has to run.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/explain_request.h"
#include "cli/flags.h"
#include "cli/report.h"
#include "cli/table.h"
#include "gateway/config/limits_text.h"
#include "gateway/config/parse.h"
#include "gateway/config/words.h"

#include <boost/json.hpp>

#include <algorithm>
#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using Verdict = gateway::Explanation::Verdict;

struct RouteOptions {
  std::string config;
  std::string request;
  std::vector<std::string> headers;
  std::string from;
  OutputForm form = OutputForm::text;
};

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::wins:
      return "wins";
    case Verdict::less_specific:
      return "loses";
    default:
      return "differs";
  }
}

std::string addresses_of(const gateway::ListenerConfig& listener) {
  std::string text;
  for (const base::Endpoint& endpoint : listener.bind)
    text += (text.empty() ? "" : " ") + base::to_string(endpoint);
  for (const std::string& name : listener.passed_sockets)
    text += (text.empty() ? "systemd:" : " systemd:") + name;
  return text;
}

std::string path_text(const AskedRequest& asked, const ListenerAnswer& answer) {
  if (answer.path.empty()) return asked.path;
  const std::string changed =
      answer.path == asked.path ? "" : fmt::format(" (asked: {})", asked.path);
  if (answer.route == nullptr) return answer.path + changed;
  return fmt::format("{}{}, path_policy {}", answer.path, changed,
                     gateway::word_of(gateway::kPathPolicies, answer.route->path_policy));
}

std::string client_text(const AskedRequest& asked, const ListenerAnswer& answer) {
  std::string text = base::to_string(*answer.client);
  if (answer.client == asked.client) return text;
  return text + fmt::format(" (X-Forwarded-For, as {} is in forwarded.trusted)",
                            base::to_string(*asked.client));
}

void add_fields_text(std::string_view of, const gateway::FieldRules& rules, std::string& text) {
  for (const std::string& name : rules.remove)
    text += fmt::format("  {} header {}: removed\n", of, name);
  for (const auto& rule : rules.set)
    text += fmt::format("  {} header {}: set to {}\n", of, rule.name, rule.value.text);
  for (const auto& rule : rules.add)
    text += fmt::format("  {} header {}: added as {}\n", of, rule.name, rule.value.text);
}

// Where else the route may send a request it takes; "" without such a rule.
std::string hedge_text(const gateway::RouteConfig& route) {
  if (!route.hedge) return {};
  return fmt::format(
      "to a second server too when no answer has begun after {}, if it is a GET, HEAD or OPTIONS "
      "without a body; at most {}% of them",
      base::format_duration(route.hedge->after), route.hedge->percent_max);
}

std::string mirror_text(const gateway::RouteConfig& route) {
  if (!route.mirror) return {};
  return fmt::format("{}% are copied to pool \"{}\", with bodies up to {}", route.mirror->percent,
                     route.mirror->pool, base::format_bytes(route.mirror->body_bytes_max));
}

// What else the route does to a request it takes, and to the response.
std::string rules_text(const gateway::RouteConfig& route) {
  std::string text;
  add_fields_text("request", route.request_headers, text);
  add_fields_text("response", route.response_headers, text);
  if (route.basic_auth)
    text += fmt::format("  basic_auth: a user of {} for realm \"{}\"\n", route.basic_auth->users,
                        route.basic_auth->realm);
  if (route.hedge) text += fmt::format("  hedge: {}\n", hedge_text(route));
  if (route.mirror) text += fmt::format("  mirror: {}\n", mirror_text(route));
  if (route.body.bytes_max)
    text += fmt::format("  body up to {}\n", *route.body.bytes_max == 0
                                                 ? "any size"
                                                 : base::format_bytes(*route.body.bytes_max));
  return text;
}

std::string answer_text(const AskedRequest& asked, const ListenerAnswer& answer) {
  const gateway::ListenerConfig& listener = *answer.listener;
  std::string text = fmt::format("listener \"{}\" on {}{}\n", listener.name, addresses_of(listener),
                                 listener.tls ? " (TLS)" : "");
  const std::string by =
      answer.route == nullptr ? std::string() : fmt::format("route \"{}\": ", answer.route->name);
  const std::string status =
      answer.status == 0 ? std::string() : fmt::format("{}: ", answer.status);
  text += fmt::format("  {}{}{}\n  path {}\n", by, status, answer.what, path_text(asked, answer));
  if (answer.sent_path != answer.path && !answer.sent_path.empty())
    text += fmt::format("  forwarded as {}\n", answer.sent_path);
  if (answer.route != nullptr && answer.is_taken) text += rules_text(*answer.route);
  if (answer.route != nullptr) {
    const std::string limits = gateway::limits_text(answer.route->limits);
    if (!limits.empty()) text += fmt::format("  limits {}\n", limits);
  }
  if (answer.client) text += fmt::format("  client {}\n", client_text(asked, answer));
  std::vector<TableRow> rows;
  for (const gateway::Explanation& candidate : answer.candidates) {
    rows.push_back({"   ", std::string(word_of(candidate.verdict)),
                    listener.routes[candidate.route].name, candidate.why});
  }
  return text + table_text(rows);
}

json::object answer_json(const ListenerAnswer& answer) {
  json::array candidates;
  for (const gateway::Explanation& candidate : answer.candidates) {
    candidates.push_back({{"route", answer.listener->routes[candidate.route].name},
                          {"verdict", word_of(candidate.verdict)},
                          {"why", candidate.why}});
  }
  json::object out{{"listener", answer.listener->name},
                   {"taken", answer.is_taken},
                   {"status", answer.status},
                   {"what", answer.what},
                   {"path", answer.path}};
  out["route"] = answer.route == nullptr ? json::value() : json::value(answer.route->name);
  out["pool"] = answer.pool.empty() ? json::value() : json::value(answer.pool);
  out["sent_path"] = answer.sent_path.empty() ? json::value() : json::value(answer.sent_path);
  out["client"] = answer.client ? json::value(base::to_string(*answer.client)) : json::value();
  out["candidates"] = std::move(candidates);
  if (answer.route == nullptr) return out;
  out["limits"] = gateway::limits_text(answer.route->limits);
  if (answer.route->hedge) out["hedge"] = hedge_text(*answer.route);
  if (answer.route->mirror) out["mirror"] = mirror_text(*answer.route);
  return out;
}

void print_answers(const RouteOptions& options, const AskedRequest& asked,
                   const std::vector<ListenerAnswer>& answers) {
  if (options.form == OutputForm::json) {
    json::array all;
    for (const ListenerAnswer& answer : answers)
      all.push_back(answer_json(answer));
    const json::object out{{"method", asked.method}, {"url", asked.url}, {"listeners", all}};
    print(json::serialize(out) + "\n");
    return;
  }
  std::string text = fmt::format("{} {}\n", asked.method, asked.url);
  for (const ListenerAnswer& answer : answers)
    text += answer_text(asked, answer);
  if (answers.empty()) {
    const std::string where = asked.port ? fmt::format(" on port {}", *asked.port) : std::string();
    text += fmt::format("no listener takes {}{}\n", asked.is_https ? "https" : "http", where);
  }
  print(text);
}

base::Result<AskedRequest> read_asked(const RouteOptions& options) {
  auto asked = parse_asked(options.request);
  if (!asked) return asked;
  for (const std::string& line : options.headers) {
    if (const auto added = add_header_line(line, *asked); !added) return added.error();
  }
  if (options.from.empty()) return asked;
  const auto client = base::parse_ip(options.from);
  if (!client)
    return base::fail(base::Errc::invalid, "--from \"{}\" {}", options.from,
                      client.error().message);
  asked->client = *client;
  return asked;
}

ExitCode route(const RouteOptions& options) {
  const auto asked = read_asked(options);
  if (!asked) return report(asked.error());
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const gateway::ParsedConfig parsed = gateway::load_config(options.config, loader, diagnostics);
  print_error(findings_text(diagnostics));
  if (diagnostics.has_errors()) {
    print_error(count_text(diagnostics) + "; no route to show\n");
    return ExitCode::refused;
  }
  const auto answers = explain_request(parsed.config, *asked);
  if (!answers) return report(answers.error());
  print_answers(options, *asked, *answers);
  const bool is_taken =
      std::ranges::any_of(*answers, [](const ListenerAnswer& answer) { return answer.is_taken; });
  return is_taken ? ExitCode::done : ExitCode::no;
}

}  // namespace

void add_route(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RouteOptions>();
  CLI::App* command = app.add_subcommand(
      "route", "which route and pool a request meets, and why; 1 when none takes it");
  command->add_option("request", options->request, "for example 'GET https://host/path'")
      ->type_name("REQUEST")
      ->required();
  command
      ->add_option("-H,--header", options->headers, "a header field of it: 'name: value'; repeat")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  command->add_option("--from", options->from, "the address the client connects from")
      ->type_name("ADDRESS");
  add_config_flag(*command, options->config);
  add_json_flag(*command, options->form);
  command->callback([&chosen, options] { chosen = [options] { return route(*options); }; });
}

}  // namespace ravelin::cli
