// `listeners[]` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/parse_key.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_bytes;
using base::format_duration;

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
    const std::string_view secret = key_secret_name(certificate.key);
    if (!certificate.key_secret.empty())
      entry.text(secret, certificate.key_secret).origin_key = fmt::format("{}.{}", origin, secret);
    entry.flag("default", certificate.is_default).origin_key = origin + ".default";
    if (!certificate.staple.empty())
      entry.text("staple", certificate.staple).origin_key = origin + ".staple";
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
  if (!tls.client_auth.crls.empty()) {
    Outline& crls = auth.list("crl");
    for (const std::string& place : tls.client_auth.crls)
      crls.text("", place);
  }
  auth.word("crl_expired", word_of(kExpiredCrls, tls.client_auth.crl_expired));
  auth.word("crl_refresh", format_duration(tls.client_auth.crl_refresh));
  if (!tls.client_auth.crl_cache.empty()) auth.text("crl_cache", tls.client_auth.crl_cache);
  auth.word("forward", word_of(kClientCertForwards, tls.client_auth.forward));
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
  add_route_limits(limits, listener.route_limits, {});
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

void add_proxy_protocol(Outline& out, const ProxyProtocolConfig& proxy_protocol) {
  Outline& from = out.map("proxy_protocol").list("from");
  for (const ProxySource& source : proxy_protocol.from)
    from.text("", source.is_unix ? "unix" : base::to_string(source.prefix));
}

}  // namespace

void add_listener(Outline& listeners, const ListenerConfig& listener, const std::string& key,
                  const Places& places) {
  Outline& out = listeners.map("");
  out.text("name", listener.name);
  Outline& binds = out.list("bind");
  for (const base::Endpoint& bind : listener.bind)
    binds.text("", base::to_string(bind));
  for (const std::string& name : listener.passed_sockets)
    binds.text("", "systemd:" + name);
  if (listener.tls) add_tls(out, *listener.tls, key, places);
  if (listener.plaintext_allowed) out.word("plaintext", "allowed");
  if (listener.redirect_https) out.word("redirect", "https");
  if (!listener.routes.empty()) {
    Outline& routes = out.list("routes");
    for (std::size_t i = 0; i < listener.routes.size(); ++i) {
      add_route(routes, listener.routes[i],
                limit_origins(fmt::format("{}.routes[{}]", key, i), key, places));
    }
  }
  add_error_pages(out, listener.error_pages);
  add_listener_limits(out, listener);
  if (listener.proxy_protocol) add_proxy_protocol(out, *listener.proxy_protocol);
}

}  // namespace ravelin::gateway
