// `listeners[].routes[]` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/route_conditions.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_duration;

void add_conditions(Outline& match, std::string_view key,
                    const std::vector<ValueCondition>& conditions) {
  if (conditions.empty()) return;
  Outline& out = match.map(key);
  for (const ValueCondition& condition : conditions) {
    switch (condition.test) {
      case ValueTest::exact:
        out.text(condition.name, condition.value);
        break;
      case ValueTest::prefix:
        out.map(condition.name).text("prefix", condition.value);
        break;
      case ValueTest::present:
        out.map(condition.name).flag("present", true);
        break;
      case ValueTest::absent:
        out.map(condition.name).flag("present", false);
        break;
    }
  }
}

void add_match(Outline& route, const RouteMatch& match) {
  const bool is_any = match.host.empty() && match.path.empty() && match.methods.empty();
  if (is_any && !has_conditions(match)) return;
  Outline& out = route.map("match");
  if (!match.host.empty()) out.text("host", match.host);
  if (!match.path.empty()) out.text(match.path_is_exact ? "path_exact" : "path", match.path);
  if (!match.methods.empty()) {
    Outline& methods = out.list("methods");
    for (const std::string& method : match.methods)
      methods.text("", method);
  }
  add_conditions(out, "headers", match.headers);
  add_conditions(out, "query", match.query);
  add_clients(out, "from", match.from);
}

void add_retry(Outline& route, const RetryConfig& retry) {
  Outline& out = route.map("retry");
  out.number("attempts", retry.attempts);
  Outline& on = out.list("on");
  if (retry.on_connect) on.word("", "connect");
  if (retry.on_closed) on.word("", "closed");
  if (retry.on_timeout) on.word("", "timeout");
  for (const int status : retry.on_status)
    on.number("", status);
  out.word("per_try_timeout", format_duration(retry.per_try_timeout));
}

}  // namespace

void add_route(Outline& routes, const RouteConfig& route, const LimitOrigins& limits) {
  Outline& out = routes.map("");
  const bool is_named = route.name.find('/') == std::string::npos;  // else "listener/N"
  if (is_named) out.text("name", route.name);
  add_match(out, route.match);
  add_clients(out, "deny", route.deny);
  add_clients(out, "allow", route.allow);
  if (!route.pool.empty()) out.text("pool", route.pool);
  add_split(out, route);
  if (route.redirect) {
    Outline& redirect = out.map("redirect");
    redirect.number("status", route.redirect->status);
    redirect.text("location", route.redirect->location.text);
  }
  if (route.respond) {
    Outline& respond = out.map("respond");
    respond.number("status", route.respond->status);
    respond.text("content_type", route.respond->content_type);
    respond.text("body", route.respond->body);
  }
  add_rules(out, route);
  out.word("path_policy", word_of(kPathPolicies, route.path_policy));
  Outline& timeouts = out.map("timeouts");
  timeouts.word("request", format_duration(route.request_timeout));
  timeouts.word("first_byte", format_duration(route.first_byte_timeout));
  timeouts.word("tunnel_idle", format_duration(route.tunnel_idle_timeout));
  if (route.body.idle) timeouts.word("body_idle", format_duration(*route.body.idle));
  if (route.body.min_rate_bytes_per_s)
    timeouts.word("min_rate", base::format_bytes(*route.body.min_rate_bytes_per_s));
  add_retry(out, route.retry);
  add_further_tries(out, route);
  out.flag("upgrades", route.upgrades);
  Outline& own_limits = out.map("limits");
  if (route.body.bytes_max) own_limits.word("body_max", base::format_bytes(*route.body.bytes_max));
  add_route_limits(own_limits, route.limits, limits);
}

}  // namespace ravelin::gateway
