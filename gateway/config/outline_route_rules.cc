// The rules of a route of an outline: split, sticky, rewrite, header rules, hedge, mirror.
#include "base/text.h"
#include "gateway/config/outline_parts.h"

namespace ravelin::gateway {
namespace {

void add_field_rules(Outline& out, std::string_view key, const FieldRules& rules) {
  if (rules.empty()) return;
  Outline& map = out.map(key);
  if (!rules.remove.empty()) {
    Outline& removed = map.list("remove");
    for (const std::string& name : rules.remove)
      removed.text("", name);
  }
  const auto add = [&map](std::string_view word, const std::vector<FieldRules::Rule>& each) {
    if (each.empty()) return;
    Outline& fields = map.map(word);
    for (const FieldRules::Rule& rule : each)
      fields.text(rule.name, rule.value.text);
  };
  add("set", rules.set);
  add("add", rules.add);
}

}  // namespace

void add_clients(Outline& out, std::string_view key, const std::vector<base::IpPrefix>& clients) {
  if (clients.empty()) return;
  Outline& list = out.list(key);
  for (const base::IpPrefix& prefix : clients)
    list.text("", base::to_string(prefix));
}

void add_error_pages(Outline& out, const std::vector<ErrorPageConfig>& pages) {
  if (pages.empty()) return;
  Outline& map = out.map("error_pages");
  for (const ErrorPageConfig& page : pages) {
    const bool is_class = page.first_status != page.last_status;
    map.text(is_class ? fmt::format("{}xx", page.first_status / 100)
                      : fmt::format("{}", page.first_status),
             page.path);
  }
}

void add_split(Outline& out, const RouteConfig& route) {
  if (route.split.empty()) return;
  Outline& parts = out.list("split");
  for (const SplitPart& part : route.split) {
    Outline& entry = parts.map("");
    entry.text("pool", part.pool);
    entry.number("weight", part.weight);
  }
  if (route.sticky.by == SplitStickiness::By::nothing) return;
  out.map("sticky").text(route.sticky.by == SplitStickiness::By::header ? "header" : "cookie",
                         route.sticky.name);
}

void add_further_tries(Outline& out, const RouteConfig& route) {
  if (route.hedge) {
    Outline& hedge = out.map("hedge");
    hedge.word("after", base::format_duration(route.hedge->after));
    hedge.number("percent_max", route.hedge->percent_max);
  }
  if (route.mirror) {
    Outline& mirror = out.map("mirror");
    mirror.text("pool", route.mirror->pool);
    mirror.word("percent", fmt::format("{}", route.mirror->percent));
    mirror.word("body_max", base::format_bytes(route.mirror->body_bytes_max));
    mirror.number("in_flight_max", route.mirror->in_flight_max);
    mirror.word("timeout", base::format_duration(route.mirror->timeout));
  }
}

void add_rules(Outline& out, const RouteConfig& route) {
  if (route.rewrite) {
    const bool is_prefix = route.rewrite->kind == RewriteRule::Kind::prefix;
    out.map("rewrite").text(is_prefix ? "prefix" : "path", route.rewrite->path);
  }
  add_field_rules(out, "request_headers", route.request_headers);
  add_field_rules(out, "response_headers", route.response_headers);
  add_error_pages(out, route.error_pages);
  if (route.maintenance) {
    Outline& maintenance = out.map("maintenance");
    if (!route.maintenance->page.empty()) maintenance.text("page", route.maintenance->page);
    maintenance.word("retry_after", base::format_duration(route.maintenance->retry_after));
    add_clients(maintenance, "except", route.maintenance->except);
  }
  if (route.basic_auth) {
    Outline& auth = out.map("basic_auth");
    auth.text("realm", route.basic_auth->realm);
    auth.text("users", route.basic_auth->users);
  }
}

}  // namespace ravelin::gateway
