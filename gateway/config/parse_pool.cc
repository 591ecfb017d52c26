#include "gateway/config/parse_pool.h"

#include "gateway/config/parse_discover.h"
#include "gateway/config/parse_server.h"
#include "gateway/config/words.h"

#include <algorithm>
#include <charconv>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCommandWordsMax = 64;

// `client`, `path`, `{ header: NAME }` or `{ cookie: NAME }`.
bool read_hash_key(const yaml::Value& value, HashConfig& hash) {
  if (!value.is(yaml::Kind::map)) return yaml::one_of(kHashKeys)(value, hash.key);
  yaml::Map map(value);
  if (map.optional("header", hash.name, yaml::converted(parse_token))) hash.key = HashKey::header;
  if (map.optional("cookie", hash.name, yaml::converted(parse_token))) hash.key = HashKey::cookie;
  if (map.has("header") == map.has("cookie")) map.error("needs one of \"header\" and \"cookie\"");
  std::move(map).finish();
  return true;
}

HashConfig parse_hash(yaml::Map map) {
  HashConfig hash;
  map.optional("key", hash, read_hash_key);
  map.optional("ipv4_prefix", hash.ipv4_prefix, yaml::between(1, 32));
  map.optional("ipv6_prefix", hash.ipv6_prefix, yaml::between(1, 128));
  map.optional("load_max_percent", hash.load_max_percent, yaml::between(0, 10'000));
  if (hash.load_max_percent != 0 && hash.load_max_percent <= 100) {
    map.error(
        "\"load_max_percent\" must be above 100, else somebody is always over it; 0 for no "
        "bound");
  }
  return std::move(map).finish(std::move(hash));
}

StickyConfig parse_pool_sticky(yaml::Map map) {
  StickyConfig sticky;
  sticky.pos = map.pos();
  map.required("cookie", sticky.cookie, yaml::converted(parse_token));
  map.optional("ttl", sticky.ttl, yaml::between(1s, std::chrono::hours(24 * 400)));
  map.optional("key", sticky.key, yaml::path());
  map.optional("secure", sticky.secure);
  map.optional("http_only", sticky.http_only);
  map.optional("same_site", sticky.same_site, yaml::one_of(kSameSites));
  if (sticky.same_site == SameSite::none && !sticky.secure)
    map.error("\"same_site: none\" needs \"secure: true\": browsers refuse the cookie otherwise");
  if (sticky.cookie.starts_with("__Host-") || sticky.cookie.starts_with("__Secure-")) {
    if (!sticky.secure) map.error("a cookie with this prefix needs \"secure: true\"");
  }
  return std::move(map).finish(std::move(sticky));
}

// Keys that only a check of one kind understands, and its name.
void check_health_keys(const yaml::Map& map, HealthKind kind) {
  if (kind == HealthKind::command && !map.has("command"))
    map.error("\"kind: command\" needs \"command\": a path and its arguments");
  if (kind != HealthKind::command && map.has("command"))
    map.error("\"command\" needs \"kind: command\"");
  if (kind == HealthKind::http) return;
  for (const std::string_view key : {"path", "host", "status", "body_contains"}) {
    if (map.has(key)) map.error(fmt::format("\"{}\" needs \"kind: http\"", key));
  }
}

HealthConfig parse_health(yaml::Map map) {
  HealthConfig health;
  health.pos = map.pos();
  map.optional("kind", health.kind, yaml::one_of(kHealthKinds));
  map.optional("path", health.path, yaml::converted(parse_target));
  map.optional("host", health.host, yaml::converted(parse_field_value));
  map.optional("status", health.status,
               yaml::one_or_list_of(yaml::converted(parse_status_range), 1, 32));
  map.optional("body_contains", health.body_contains, yaml::text(1, 1024));
  map.optional("command", health.command, yaml::list_of(yaml::text(1, 4096), 1, kCommandWordsMax));
  map.optional("interval", health.interval, yaml::between(10ms, 1h));
  map.optional("fast_interval", health.fast_interval, yaml::between(10ms, 1h));
  if (health.fast_interval > health.interval)
    map.error("\"fast_interval\" is longer than \"interval\"");
  map.optional("timeout", health.timeout, yaml::between(10ms, 1h));
  map.optional("rise", health.rise, yaml::between(1, 100));
  map.optional("fall", health.fall, yaml::between(1, 100));
  map.optional("jitter_percent", health.jitter_percent, yaml::between(0, 100));
  check_health_keys(map, health.kind);
  if (!health.command.empty() && !health.command.front().starts_with('/'))
    map.error(fmt::format("\"{}\" is not an absolute path", health.command.front()));
  return std::move(map).finish(std::move(health));
}

AdaptiveConfig parse_adaptive(yaml::Map map) {
  AdaptiveConfig adaptive;
  map.optional("interval", adaptive.interval, yaml::between(100ms, 1min));
  return std::move(map).finish(adaptive);
}

// `true`, `false`, or a map.
bool read_adaptive(const yaml::Value& value, std::optional<AdaptiveConfig>& adaptive) {
  if (!value.is(yaml::Kind::scalar)) {
    adaptive.emplace();
    return yaml::object(parse_adaptive)(value, *adaptive);
  }
  bool is_on = false;
  if (!yaml::read(value, is_on)) return false;
  if (is_on) adaptive.emplace();
  return true;
}

AgentConfig parse_agent(yaml::Map map) {
  AgentConfig agent;
  agent.pos = map.pos();
  map.optional("port", agent.port, yaml::between(1, 65'535));
  map.optional("send", agent.send, yaml::text(1, 256));
  map.optional("interval", agent.interval, yaml::between(10ms, 1h));
  map.optional("timeout", agent.timeout, yaml::between(10ms, 1h));
  return std::move(map).finish(std::move(agent));
}

WeightBounds parse_weight_bounds(yaml::Map map) {
  WeightBounds bounds;
  map.optional("min_percent", bounds.min_percent, yaml::between(1, 100));
  map.optional("max_percent", bounds.max_percent, yaml::between(100, 256));
  return std::move(map).finish(bounds);
}

// 0 for off, else a number from `low` to `high`.
auto zero_or_between(double low, double high) {
  return [low, high](const yaml::Value& value, double& number) {
    const std::string* text = value.scalar("a number");
    if (text == nullptr) return false;
    double given = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), given);
    const bool is_number = error == std::errc() && end == text->data() + text->size();
    if (!is_number || (given != 0 && !(given >= low && given <= high))) {
      value.error(
          fmt::format("\"{}\" is not 0 for off, nor a number from {} to {}", *text, low, high));
      return false;
    }
    number = given;
    return true;
  };
}

EjectionConfig parse_ejection(yaml::Map map) {
  EjectionConfig ejection;
  map.optional("consecutive_failures", ejection.consecutive_failures, yaml::between(0, 1000));
  map.optional("base_time", ejection.base_time, yaml::between(100ms, 24h));
  if (!map.optional("max_time", ejection.max_time, yaml::between(100ms, 24h))) {
    ejection.max_time = std::max(ejection.max_time, ejection.base_time);
  }
  if (ejection.base_time > ejection.max_time)
    map.error("\"base_time\" is longer than \"max_time\"");
  map.optional("max_percent", ejection.max_percent, yaml::between(1, 100));
  map.optional("error_percent", ejection.error_percent, zero_or_between(0.1, 100));
  map.optional("latency_factor", ejection.latency_factor, zero_or_between(1.5, 1'000));
  map.optional("requests_min", ejection.requests_min, yaml::between(5, 1'000'000));
  map.optional("window", ejection.window, yaml::between(1s, 10min));
  return std::move(map).finish(ejection);
}

QueueConfig parse_queue(yaml::Map map) {
  QueueConfig queue;
  map.optional("max", queue.max, yaml::between(0, 1'000'000));
  map.optional("timeout", queue.timeout, yaml::between(1ms, 1h));
  return std::move(map).finish(queue);
}

CircuitConfig parse_circuit(yaml::Map map) {
  CircuitConfig circuit;
  map.optional("error_percent", circuit.error_percent, yaml::between(1, 100));
  map.optional("requests_min", circuit.requests_min, yaml::between(5, 1'000'000));
  map.optional("window", circuit.window, yaml::between(1s, 10min));
  map.optional("open_for", circuit.open_for, yaml::between(1s, 10min));
  map.optional("probe_percent", circuit.probe_percent, yaml::between(1, 100));
  return std::move(map).finish(circuit);
}

RetryBudgetConfig parse_retry_budget(yaml::Map map) {
  RetryBudgetConfig budget;
  map.optional("percent", budget.percent, yaml::between(0, 100));
  map.optional("min_per_s", budget.min_per_s, yaml::between(0, 10'000));
  return std::move(map).finish(budget);
}

UpstreamTimeouts parse_upstream_timeouts(yaml::Map map) {
  UpstreamTimeouts timeouts;
  map.optional("connect", timeouts.connect, yaml::between(10ms, 10min));
  map.optional("idle", timeouts.idle, yaml::between(10ms, 24h));
  return std::move(map).finish(timeouts);
}

}  // namespace

PoolConfig parse_pool(yaml::Map map) {
  PoolConfig pool;
  pool.pos = map.pos();
  map.required("name", pool.name, yaml::converted(parse_name));
  map.optional("balance", pool.balance, yaml::one_of(kBalances));
  map.optional("proxy_protocol", pool.proxy_protocol, read_proxy_protocol);
  const UpstreamProxyConfig& proxy = pool.proxy_protocol;
  const auto server = [&proxy](yaml::Map each) { return parse_server(std::move(each), proxy); };
  map.optional("servers", pool.servers, yaml::list_of(yaml::object(server), 1, kServersMax));
  const auto discover = [&proxy](yaml::Map each) { return parse_discover(std::move(each), proxy); };
  map.optional("discover", pool.discover, yaml::object(discover));
  if (!map.has("servers") && !map.has("discover"))
    map.error("\"servers\" is missing, or \"discover\"");
  map.optional("hash", pool.hash, yaml::object(parse_hash));
  if (map.has("hash") && pool.balance != Balance::hash)
    map.error("\"hash\" needs \"balance: hash\"");
  map.optional("sticky", pool.sticky, yaml::object(parse_pool_sticky));
  map.optional("panic_percent", pool.panic_percent, yaml::between(0, 100));
  map.optional("priority_spill_percent", pool.priority_spill_percent, yaml::between(0, 100));
  map.optional("zone_spill_percent", pool.zone_spill_percent, yaml::between(0, 100));
  map.optional("health", pool.health, yaml::object(parse_health));
  if (map.has("adaptive")) read_adaptive(map.value("adaptive"), pool.adaptive);
  map.optional("agent", pool.agent, yaml::object(parse_agent));
  map.optional("weight_header", pool.weight_header, yaml::converted(parse_token));
  map.optional("weight_bounds", pool.weight_bounds, yaml::object(parse_weight_bounds));
  map.optional("slow_start", pool.slow_start, yaml::between(0s, 1h));
  map.optional("ejection", pool.ejection, yaml::object(parse_ejection));
  map.optional("quarantine", pool.quarantine,
               yaml::one_or_list_of(yaml::one_of(kQuarantineStates), 1, 4));
  map.optional("queue", pool.queue, yaml::object(parse_queue));
  map.optional("circuit", pool.circuit, yaml::object(parse_circuit));
  map.optional("retry_budget", pool.retry_budget, yaml::object(parse_retry_budget));
  map.optional("timeouts", pool.timeouts, yaml::object(parse_upstream_timeouts));
  map.optional("idle_connections_max", pool.idle_connections_max, yaml::between(0, 100'000));
  return std::move(map).finish(std::move(pool));
}

}  // namespace ravelin::gateway
