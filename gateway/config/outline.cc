#include "gateway/config/outline.h"

#include "base/text.h"
#include "gateway/config/validate_parts.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_bytes;
using base::format_duration;

void add_match(Outline& route, const RouteMatch& match) {
  if (match.host.empty() && match.path.empty() && match.methods.empty()) return;
  Outline& out = route.map("match");
  if (!match.host.empty()) out.text("host", match.host);
  if (!match.path.empty()) out.text(match.path_is_exact ? "path_exact" : "path", match.path);
  if (match.methods.empty()) return;
  Outline& methods = out.list("methods");
  for (const std::string& method : match.methods)
    methods.text("", method);
}

void add_route(Outline& routes, const RouteConfig& route) {
  Outline& out = routes.map("");
  const bool is_named = route.name.find('/') == std::string::npos;  // else "listener/N"
  if (is_named) out.text("name", route.name);
  add_match(out, route.match);
  if (!route.pool.empty()) out.text("pool", route.pool);
  if (route.redirect) {
    Outline& redirect = out.map("redirect");
    redirect.number("status", route.redirect->status);
    redirect.text("location", route.redirect->location);
  }
  if (route.respond) {
    Outline& respond = out.map("respond");
    respond.number("status", route.respond->status);
    respond.text("content_type", route.respond->content_type);
    respond.text("body", route.respond->body);
  }
  out.word("path_policy", word_of(kPathPolicies, route.path_policy));
  Outline& timeouts = out.map("timeouts");
  timeouts.word("request", format_duration(route.request_timeout));
  timeouts.word("first_byte", format_duration(route.first_byte_timeout));
  timeouts.word("tunnel_idle", format_duration(route.tunnel_idle_timeout));
  out.map("retry").number("attempts", route.retry.attempts);
  out.flag("upgrades", route.upgrades);
}

void add_certificates(Outline& out, const ListenerTlsConfig& tls, const std::string& listener,
                      const Places& places) {
  Outline& list = out.list("certificates");
  const std::vector<std::string> keys = places.certificate_keys(listener, tls);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const CertificateConfig& certificate = tls.certificates[i];
    const std::string& origin = keys[i];
    Outline& entry = list.map("");
    entry.text("chain", certificate.chain).origin_key = origin + ".chain";
    entry.text("key", certificate.key).origin_key = origin + ".key";
    entry.flag("default", certificate.is_default).origin_key = origin + ".default";
  }
  if (tls.from_store) list.map("").flag("store", true).origin_key = listener + ".tls.certificates";
}

void add_tls(Outline& listener, const ListenerTlsConfig& tls, const std::string& key,
             const Places& places) {
  Outline& out = listener.map("tls");
  Outline& profile = out.word("profile", word_of(kTlsProfiles, tls.profile));
  if (!places.is_written(key + ".tls.profile")) profile.origin_key = "tls.profile";
  add_certificates(out, tls, key, places);
  Outline& auth = out.map("client_auth");
  auth.word("mode", word_of(kClientAuthModes, tls.client_auth.mode));
  if (!tls.client_auth.ca.empty()) auth.text("ca", tls.client_auth.ca);
  if (!tls.client_auth.crl.empty()) auth.text("crl", tls.client_auth.crl);
  Outline& tickets = out.map("tickets");
  tickets.word("rotate", format_duration(tls.tickets.rotate));
  tickets.number("keep", tls.tickets.keep);
  if (!tls.hsts.max_age) {
    out.word("hsts", "off");
    return;
  }
  Outline& hsts = out.map("hsts");
  hsts.word("max_age", format_duration(*tls.hsts.max_age));
  hsts.flag("include_subdomains", tls.hsts.include_subdomains);
}

void add_listener_limits(Outline& out, const ListenerConfig& listener) {
  const HttpLimits& http = listener.limits;
  Outline& limits = out.map("limits");
  limits.word("request_line_max", format_bytes(http.request_line_bytes_max));
  limits.word("header_max", format_bytes(http.header_bytes_max));
  limits.number("header_count_max", http.header_count_max);
  limits.word("chunk_extension_max", format_bytes(http.chunk_extension_bytes_max));
  limits.word("trailer_max", format_bytes(http.trailer_bytes_max));
  limits.word("body_max", format_bytes(http.body_bytes_max));
  limits.number("requests_per_connection_max", http.requests_per_connection_max);
  Outline& timeouts = out.map("timeouts");
  timeouts.word("handshake", format_duration(listener.timeouts.handshake));
  timeouts.word("header", format_duration(listener.timeouts.header));
  timeouts.word("idle", format_duration(listener.timeouts.idle));
  timeouts.word("body_idle", format_duration(listener.timeouts.body_idle));
  timeouts.word("min_rate", format_bytes(listener.timeouts.min_rate_bytes_per_s));
  Outline& connections = out.map("connections");
  connections.number("max", listener.connections.max);
  connections.number("per_client_max", listener.connections.per_client_max);
  Outline& forwarded = out.map("forwarded");
  Outline& trusted = forwarded.list("trusted");
  for (const base::IpPrefix& prefix : listener.forwarded.trusted)
    trusted.text("", base::to_string(prefix));
  forwarded.flag("forwarded", listener.forwarded.forwarded);
}

void add_listener(Outline& listeners, const ListenerConfig& listener, const std::string& key,
                  const Places& places) {
  Outline& out = listeners.map("");
  out.text("name", listener.name);
  Outline& binds = out.list("bind");
  for (const base::Endpoint& bind : listener.bind)
    binds.text("", base::to_string(bind));
  if (listener.tls) add_tls(out, *listener.tls, key, places);
  if (listener.plaintext_allowed) out.word("plaintext", "allowed");
  if (listener.redirect_https) out.word("redirect", "https");
  if (!listener.routes.empty()) {
    Outline& routes = out.list("routes");
    for (const RouteConfig& route : listener.routes)
      add_route(routes, route);
  }
  add_listener_limits(out, listener);
}

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

void add_globals(Outline& out, const Config& config) {
  out.number("version", 1);
  if (config.workers == 0) {
    out.word("workers", "auto");
  } else {
    out.number("workers", config.workers);
  }
  if (!config.user.empty()) out.text("user", config.user);
  out.word("drain_timeout", format_duration(config.drain_timeout));
  if (!config.admin.socket.empty() || config.admin.listen) {
    Outline& admin = out.map("admin");
    if (!config.admin.socket.empty()) admin.text("socket", config.admin.socket);
    if (config.admin.listen) admin.text("listen", base::to_string(*config.admin.listen));
  }
  Outline& log = out.map("log");
  log.word("level", config.log.level);
  if (!config.log.access.empty()) log.text("access", config.log.access);
  Outline& tls = out.map("tls");
  tls.word("profile", word_of(kTlsProfiles, config.tls_profile));
  Outline& groups = tls.list("key_groups");
  for (const std::string& group : config.tls_key_groups)
    groups.text("", group);
  out.map("overload").number("requests_max", config.overload.requests_max);
  if (!config.certs_store.empty()) out.map("certs").text("store", config.certs_store);
}

}  // namespace

Outline outline(const ParsedConfig& parsed) {
  const Config& config = parsed.config;
  base::Diagnostics nothing;
  const Places places(parsed.origins, nothing);
  Outline root;
  add_globals(root, config);
  Outline& listeners = root.list("listeners");
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    add_listener(listeners, config.listeners[i], listener_key(i), places);
  Outline& pools = root.list("pools");
  for (const PoolConfig& pool : config.pools)
    add_pool(pools, pool);
  return root;
}

}  // namespace ravelin::gateway
