#include "gateway/config/parse_route.h"

#include "gateway/config/parse_limits.h"
#include "gateway/config/parse_match.h"
#include "gateway/config/parse_route_rules.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBodyMax = 64 * 1024;                // of `respond`
constexpr std::uint64_t kBodyBytesMax = 1ULL << 40;        // of a request
constexpr std::uint64_t kMinRateMax = 1024 * 1024 * 1024;  // as on the listener

bool read_redirect_status(const yaml::Value& value, int& status) {
  int given = 0;
  if (!yaml::between(301, 308)(value, given)) return false;
  if (given > 303 && given < 307) {
    value.error(fmt::format("{} is no redirect (301, 302, 303, 307 or 308)", given));
    return false;
  }
  status = given;
  return true;
}

RedirectAction parse_redirect(yaml::Map map) {
  RedirectAction redirect;
  map.optional("status", redirect.status, read_redirect_status);
  map.required("location", redirect.location, yaml::converted(parse_location));
  return std::move(map).finish(std::move(redirect));
}

FixedResponse parse_respond(yaml::Map map) {
  FixedResponse response;
  map.optional("status", response.status, yaml::between(200, 599));
  map.optional("content_type", response.content_type, yaml::converted(parse_field_value));
  map.optional("body", response.body, yaml::text(0, kBodyMax));
  const bool may_have_body = response.status != 204 && response.status != 304;
  if (!may_have_body && !response.body.empty()) {
    map.error(fmt::format("a {} response has no body", response.status));
  }
  return std::move(map).finish(std::move(response));
}

struct RouteTimeouts {
  milliseconds request;
  milliseconds first_byte;
  milliseconds tunnel_idle;
  std::optional<milliseconds> body_idle{};
  std::optional<std::uint64_t> min_rate{};
};

RouteTimeouts parse_route_timeouts(yaml::Map map) {
  const RouteConfig defaults;
  RouteTimeouts timeouts{defaults.request_timeout, defaults.first_byte_timeout,
                         defaults.tunnel_idle_timeout};
  map.optional("request", timeouts.request, yaml::between(0s, 24h));
  map.optional("first_byte", timeouts.first_byte, yaml::between(10ms, 24h));
  map.optional("tunnel_idle", timeouts.tunnel_idle, yaml::between(1s, 24h * 30));
  map.optional("body_idle", timeouts.body_idle, yaml::between(100ms, 24h));
  map.optional("min_rate", timeouts.min_rate, yaml::bytes(0, kMinRateMax));
  return std::move(map).finish(timeouts);
}

// A word, or a status.
bool read_retry_cause(const yaml::Value& value, RetryConfig& retry) {
  const std::string* text = value.scalar("a cause of retries");
  if (text == nullptr) return false;
  const std::pair<std::string_view, bool*> words[] = {
      {"connect", &retry.on_connect}, {"closed", &retry.on_closed}, {"timeout", &retry.on_timeout}};
  for (const auto& [word, is_on] : words) {
    if (*text == word) return *is_on = true;
  }
  const auto status = base::parse_u64(*text);
  if (status && *status >= 400 && *status <= 599) {
    retry.on_status.push_back(static_cast<int>(*status));
    return true;
  }
  value.error(fmt::format(
      "\"{}\" is none of connect, closed, timeout, nor a status from 400 to 599", *text));
  return false;
}

// The causes written are all there are.
bool read_retry_on(const yaml::Value& value, RetryConfig& retry) {
  if (!yaml::expect(value, yaml::Kind::list)) return false;
  retry.on_connect = retry.on_closed = retry.on_timeout = false;
  bool is_good = true;
  for (std::size_t i = 0; i < value.node().items.size(); ++i)
    is_good = read_retry_cause(value.item(i), retry) && is_good;
  return is_good;
}

RetryConfig parse_retry(yaml::Map map) {
  RetryConfig retry;
  map.optional("attempts", retry.attempts, yaml::between(0, 10));
  map.optional("on", retry, read_retry_on);
  map.optional("per_try_timeout", retry.per_try_timeout, yaml::between(0s, 24h));
  return std::move(map).finish(std::move(retry));
}

// Exactly one of the four actions must be written.
void check_action(const yaml::Map& map) {
  const int actions = int{map.has("pool")} + int{map.has("split")} + int{map.has("redirect")} +
                      int{map.has("respond")};
  if (actions == 0) map.error("has no action: write one of pool, split, redirect and respond");
  if (actions > 1)
    map.error("has more than one action: keep one of pool, split, redirect and respond");
}

}  // namespace

RouteConfig parse_route(yaml::Map map, const RouteLimitsConfig& limits) {
  RouteConfig route;
  route.limits = limits;
  route.pos = map.pos();
  RouteTimeouts timeouts{route.request_timeout, route.first_byte_timeout,
                         route.tunnel_idle_timeout};
  map.optional("name", route.name, yaml::converted(parse_name));
  map.optional("match", route.match, yaml::object(parse_match));
  map.optional("deny", route.deny, read_clients);
  map.optional("allow", route.allow, read_clients);
  map.optional("pool", route.pool, yaml::converted(parse_name));
  map.optional("redirect", route.redirect, yaml::object(parse_redirect));
  map.optional("respond", route.respond, yaml::object(parse_respond));
  parse_route_rules(map, route);
  map.optional("path_policy", route.path_policy, yaml::one_of(kPathPolicies));
  map.optional("timeouts", timeouts, yaml::object(parse_route_timeouts));
  map.optional("retry", route.retry, yaml::object(parse_retry));
  map.optional("upgrades", route.upgrades);
  const auto parse_limits = [&](yaml::Map each) {
    RouteLimitsConfig own = limits;
    parse_route_limits(each, own);
    each.optional("body_max", route.body.bytes_max, yaml::bytes(0, kBodyBytesMax));
    return std::move(each).finish(std::move(own));
  };
  map.optional("limits", route.limits, yaml::object(parse_limits));
  check_action(map);
  route.request_timeout = timeouts.request;
  route.first_byte_timeout = timeouts.first_byte;
  route.tunnel_idle_timeout = timeouts.tunnel_idle;
  route.body.idle = timeouts.body_idle;
  route.body.min_rate_bytes_per_s = timeouts.min_rate;
  return std::move(map).finish(std::move(route));
}

}  // namespace ravelin::gateway
