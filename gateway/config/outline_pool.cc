// `pools[]` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/parse_key.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_duration;

void add_proxy_protocol(Outline& server, const UpstreamProxyConfig& proxy) {
  Outline& out = server.map("proxy_protocol");
  out.word("version", word_of(kProxyVersions, proxy.version));
  Outline& added = out.list("add");
  if (proxy.sends_tls) added.word("", "tls");
  if (proxy.sends_authority) added.word("", "authority");
  if (proxy.sends_request_id) added.word("", "request_id");
}

// `usual`: what a server of the pool has that says nothing.
void add_traits(Outline& out, const ServerConfig& server, const UpstreamProxyConfig& usual) {
  out.number("weight", server.weight);
  out.flag("backup", server.backup);
  if (!server.backup) out.number("priority", server.priority);
  if (!server.zone.empty()) out.text("zone", server.zone);
  out.number("connections_max", server.connections_max);
  if (server.agent_port != 0) out.number("agent_port", server.agent_port);
  if (server.proxy_protocol.version != ProxyVersion::off || usual.version != ProxyVersion::off)
    add_proxy_protocol(out, server.proxy_protocol);
  if (!server.tls) return;
  Outline& tls = out.map("tls");
  if (!server.tls->ca.empty()) tls.text("ca", server.tls->ca);
  if (!server.tls->name.empty()) tls.text("name", server.tls->name);
  if (server.tls->certificate.empty()) return;
  tls.text("certificate", server.tls->certificate);
  tls.text("key", server.tls->key);
  if (!server.tls->key_secret.empty())
    tls.text(key_secret_name(server.tls->key), server.tls->key_secret);
}

void add_server(Outline& servers, const ServerConfig& server, const UpstreamProxyConfig& usual) {
  Outline& out = servers.map("");
  const std::string address = base::to_string(server.address);
  if (server.name != address) out.text("name", server.name);
  out.text("address", address);
  add_traits(out, server, usual);
}

void add_discover(Outline& pool, const DiscoverConfig& discover, const UpstreamProxyConfig& usual) {
  Outline& out = pool.map("discover");
  if (discover.dns) {
    Outline& dns = out.map("dns");
    dns.text("name", discover.dns->name);
    dns.word("records", word_of(kDnsRecords, discover.dns->records));
    if (discover.dns->port != 0) dns.number("port", discover.dns->port);
    add_traits(out.map("server"), discover.server, usual);
  }
  if (discover.file) out.map("file").text("path", discover.file->path);
  out.number("servers_max", discover.servers_max);
}

void add_hash(Outline& pool, const HashConfig& hash) {
  Outline& out = pool.map("hash");
  if (hash.key == HashKey::header) {
    out.map("key").text("header", hash.name);
  } else if (hash.key == HashKey::cookie) {
    out.map("key").text("cookie", hash.name);
  } else {
    out.word("key", word_of(kHashKeys, hash.key));
  }
  out.number("ipv4_prefix", hash.ipv4_prefix);
  out.number("ipv6_prefix", hash.ipv6_prefix);
  out.number("load_max_percent", hash.load_max_percent);
}

void add_sticky(Outline& pool, const StickyConfig& sticky) {
  Outline& out = pool.map("sticky");
  out.text("cookie", sticky.cookie);
  if (sticky.ttl) out.word("ttl", format_duration(*sticky.ttl));
  if (!sticky.key.empty()) out.text("key", sticky.key);
  out.flag("secure", sticky.secure);
  out.flag("http_only", sticky.http_only);
  out.word("same_site", word_of(kSameSites, sticky.same_site));
}

void add_health(Outline& pool, const HealthConfig& health) {
  Outline& out = pool.map("health");
  out.word("kind", word_of(kHealthKinds, health.kind));
  if (health.kind == HealthKind::http) {
    out.text("path", health.path);
    if (!health.host.empty()) out.text("host", health.host);
    Outline& status = out.list("status");
    for (const auto& [low, high] : health.status)
      status.text("", low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high));
    if (!health.body_contains.empty()) out.text("body_contains", health.body_contains);
  }
  if (health.kind == HealthKind::command) {
    Outline& command = out.list("command");
    for (const std::string& word : health.command)
      command.text("", word);
  }
  out.word("interval", format_duration(health.interval));
  if (health.fast_interval.count() != 0)
    out.word("fast_interval", format_duration(health.fast_interval));
  out.word("timeout", format_duration(health.timeout));
  out.number("rise", health.rise);
  out.number("fall", health.fall);
  out.number("jitter_percent", health.jitter_percent);
}

void add_circuit(Outline& pool, const CircuitConfig& circuit) {
  Outline& out = pool.map("circuit");
  out.number("error_percent", circuit.error_percent);
  out.number("requests_min", circuit.requests_min);
  out.word("window", format_duration(circuit.window));
  out.word("open_for", format_duration(circuit.open_for));
  out.number("probe_percent", circuit.probe_percent);
}

void add_weights(Outline& pool, const PoolConfig& config) {
  if (config.adaptive)
    pool.map("adaptive").word("interval", format_duration(config.adaptive->interval));
  if (config.agent) {
    Outline& agent = pool.map("agent");
    if (config.agent->port != 0) agent.number("port", config.agent->port);
    if (!config.agent->send.empty()) agent.text("send", config.agent->send);
    agent.word("interval", format_duration(config.agent->interval));
    agent.word("timeout", format_duration(config.agent->timeout));
  }
  if (!config.weight_header.empty()) pool.text("weight_header", config.weight_header);
  Outline& bounds = pool.map("weight_bounds");
  bounds.number("min_percent", config.weight_bounds.min_percent);
  bounds.number("max_percent", config.weight_bounds.max_percent);
  pool.word("slow_start", format_duration(config.slow_start));
}

}  // namespace

void add_pool(Outline& pools, const PoolConfig& pool) {
  Outline& out = pools.map("");
  out.text("name", pool.name);
  out.word("balance", word_of(kBalances, pool.balance));
  if (pool.balance == Balance::hash) add_hash(out, pool.hash);
  if (pool.sticky) add_sticky(out, *pool.sticky);
  out.number("panic_percent", pool.panic_percent);
  out.number("priority_spill_percent", pool.priority_spill_percent);
  out.number("zone_spill_percent", pool.zone_spill_percent);
  if (pool.proxy_protocol.version != ProxyVersion::off)
    add_proxy_protocol(out, pool.proxy_protocol);
  if (!pool.servers.empty()) {
    Outline& servers = out.list("servers");
    for (const ServerConfig& server : pool.servers)
      add_server(servers, server, pool.proxy_protocol);
  }
  if (pool.discover) add_discover(out, *pool.discover, pool.proxy_protocol);
  if (pool.health) add_health(out, *pool.health);
  add_weights(out, pool);
  Outline& ejection = out.map("ejection");
  ejection.number("consecutive_failures", pool.ejection.consecutive_failures);
  ejection.word("base_time", format_duration(pool.ejection.base_time));
  ejection.word("max_time", format_duration(pool.ejection.max_time));
  ejection.number("max_percent", pool.ejection.max_percent);
  ejection.word("error_percent", fmt::format("{}", pool.ejection.error_percent));
  ejection.word("latency_factor", fmt::format("{}", pool.ejection.latency_factor));
  ejection.number("requests_min", pool.ejection.requests_min);
  ejection.word("window", format_duration(pool.ejection.window));
  if (!pool.quarantine.empty()) {
    Outline& states = out.list("quarantine");
    for (const QuarantineState state : pool.quarantine)
      states.word("", word_of(kQuarantineStates, state));
  }
  Outline& queue = out.map("queue");
  queue.number("max", pool.queue.max);
  queue.word("timeout", format_duration(pool.queue.timeout));
  Outline& budget = out.map("retry_budget");
  budget.number("percent", pool.retry_budget.percent);
  budget.number("min_per_s", pool.retry_budget.min_per_s);
  if (pool.circuit) add_circuit(out, *pool.circuit);
  Outline& timeouts = out.map("timeouts");
  timeouts.word("connect", format_duration(pool.timeouts.connect));
  timeouts.word("idle", format_duration(pool.timeouts.idle));
  out.number("idle_connections_max", pool.idle_connections_max);
}

}  // namespace ravelin::gateway
