// `pools[]` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_duration;

void add_server(Outline& servers, const ServerConfig& server) {
  Outline& out = servers.map("");
  const std::string address = base::to_string(server.address);
  if (server.name != address) out.text("name", server.name);
  out.text("address", address);
  out.number("weight", server.weight);
  out.flag("backup", server.backup);
  out.number("connections_max", server.connections_max);
  if (!server.tls) return;
  Outline& tls = out.map("tls");
  if (!server.tls->ca.empty()) tls.text("ca", server.tls->ca);
  if (!server.tls->name.empty()) tls.text("name", server.tls->name);
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
  out.word("interval", format_duration(health.interval));
  out.word("timeout", format_duration(health.timeout));
  out.number("rise", health.rise);
  out.number("fall", health.fall);
  out.number("jitter_percent", health.jitter_percent);
}

}  // namespace

void add_pool(Outline& pools, const PoolConfig& pool) {
  Outline& out = pools.map("");
  out.text("name", pool.name);
  out.word("balance", word_of(kBalances, pool.balance));
  Outline& servers = out.list("servers");
  for (const ServerConfig& server : pool.servers)
    add_server(servers, server);
  if (pool.health) add_health(out, *pool.health);
  Outline& ejection = out.map("ejection");
  ejection.number("consecutive_failures", pool.ejection.consecutive_failures);
  ejection.word("base_time", format_duration(pool.ejection.base_time));
  ejection.word("max_time", format_duration(pool.ejection.max_time));
  Outline& queue = out.map("queue");
  queue.number("max", pool.queue.max);
  queue.word("timeout", format_duration(pool.queue.timeout));
  Outline& timeouts = out.map("timeouts");
  timeouts.word("connect", format_duration(pool.timeouts.connect));
  timeouts.word("idle", format_duration(pool.timeouts.idle));
  out.number("idle_connections_max", pool.idle_connections_max);
}

}  // namespace ravelin::gateway
