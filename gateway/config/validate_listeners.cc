// Listeners: with TLS or openly without, a certificate to show, routes to serve. Pure.
#include "gateway/config/validate_parts.h"

#include <algorithm>
#include <map>

namespace ravelin::gateway {
namespace {

void check_crl_keys(const Config& config, const ClientAuthConfig& auth, const std::string& key,
                    Places& places) {
  const bool fetches = std::ranges::any_of(auth.crls, is_crl_url);
  if (auth.crls.empty() && auth.crl_expired != ExpiredCrl::refuse)
    places.error(key + ".crl_expired", auth.pos, "has no effect without \"crl\"");
  if (!fetches && !auth.crl_cache.empty())
    places.error(key + ".crl_cache", auth.pos, "has no effect: \"crl\" names no URL");
  if (fetches && auth.crl_cache.empty() && config.certs_store.empty())
    places.warn(key + ".crl", auth.pos,
                "is fetched and not kept: after a restart without its server, clients are treated "
                "as \"crl_expired\" says; set \"crl_cache\" or \"certs.store\"");
}

void check_client_auth(const Config& config, const ListenerTlsConfig& tls, const std::string& key,
                       Places& places) {
  const ClientAuthConfig& auth = tls.client_auth;
  const bool is_asked = auth.mode != ClientAuthMode::none;
  if (is_asked && auth.ca.empty()) {
    places.error(key, auth.pos, "asks for client certificates; \"ca\" must name who issues them");
  }
  if (!is_asked && (!auth.ca.empty() || !auth.crls.empty())) {
    places.warn(key, auth.pos, "\"ca\" and \"crl\" have no effect while \"mode\" is none");
  }
  if (!is_asked && auth.forward != ClientCertForward::none) {
    places.error(key + ".forward", auth.pos,
                 "has nothing to send on: no client is asked for a certificate");
  }
  if (is_asked) check_crl_keys(config, auth, key, places);
}

void check_tls(const Config& config, const ListenerConfig& listener, const std::string& key,
               Places& places) {
  const ListenerTlsConfig& tls = *listener.tls;
  const std::string certificates = key + ".tls.certificates";
  if (tls.certificates.empty() && !tls.from_store) {
    places.error(certificates, tls.pos, "has no certificate to show");
  }
  if (tls.from_store && config.certs_store.empty()) {
    places.error(certificates, tls.pos,
                 "uses the store, but \"certs.store\" does not say where it is");
  }
  check_client_auth(config, tls, key + ".tls.client_auth", places);
  if (listener.plaintext_allowed) {
    places.error(key + ".plaintext", listener.pos, "contradicts \"tls\"; keep one of the two");
  }
  if (listener.redirect_https) {
    places.error(key + ".redirect", listener.pos,
                 "is for plaintext listeners; this one has \"tls\"");
  }
}

// Of a listener without TLS.
void check_plaintext(const ListenerConfig& listener, const std::string& key, Places& places) {
  if (listener.redirect_https && listener.plaintext_allowed) {
    places.error(key + ".plaintext", listener.pos, "contradicts \"redirect\"; keep one of the two");
  }
  if (listener.redirect_https || listener.plaintext_allowed) return;
  places.error(key, listener.pos,
               "carries plaintext; add \"tls\", or \"redirect: https\", or, if it must, "
               "\"plaintext: allowed\"");
}

bool has_tls_routes(const Config& config) {
  return std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.tls && !listener.routes.empty();
  });
}

// A source nobody can come from is a mistake; with `unix` alone every TCP client is a stranger.
void check_proxy_protocol(const ListenerConfig& listener, const std::string& key, Places& places) {
  const auto is_local = [](const base::Endpoint& bind) {
    return std::holds_alternative<base::UnixEndpoint>(bind);
  };
  const ProxyProtocolConfig& proxy_protocol = *listener.proxy_protocol;
  const bool from_unix = std::ranges::any_of(proxy_protocol.from, &ProxySource::is_unix);
  // What is passed may be either.
  if (!listener.passed_sockets.empty()) return;
  if (from_unix && std::ranges::none_of(listener.bind, is_local)) {
    places.error(key + ".proxy_protocol.from", proxy_protocol.pos,
                 "names \"unix\", but this listener binds no Unix socket");
  }
  if (!std::ranges::all_of(proxy_protocol.from, &ProxySource::is_unix) &&
      std::ranges::all_of(listener.bind, is_local)) {
    places.error(key + ".proxy_protocol.from", proxy_protocol.pos,
                 "names addresses, but this listener binds Unix sockets only: write \"unix\"");
  }
}

void check_listener(const Config& config, const ListenerConfig& listener, const std::string& key,
                    Places& places) {
  if (listener.tls) {
    check_tls(config, listener, key, places);
  } else {
    check_plaintext(listener, key, places);
  }
  if (listener.proxy_protocol) check_proxy_protocol(listener, key, places);
  if (listener.redirect_https && !listener.tls) {
    if (!listener.routes.empty()) {
      places.error(key + ".routes", listener.pos, "are never reached: the listener redirects");
    } else if (!has_tls_routes(config)) {
      places.warn(key + ".redirect", listener.pos,
                  "redirects nothing: no listener with \"tls\" has routes");
    }
  } else if (listener.routes.empty()) {
    places.error(key, listener.pos, "has no routes, so every request would be 404");
  }
}

}  // namespace

void validate_listeners(const Config& config, Places& places) {
  std::map<std::string_view, std::size_t> names;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    const std::string key = listener_key(i);
    check_listener(config, listener, key, places);
    const auto [first, is_new] = names.emplace(listener.name, i);
    if (is_new || listener.name.empty()) continue;
    const SourcePos other =
        places.at(listener_key(first->second) + ".name", config.listeners[first->second].pos);
    places.error(
        key + ".name", listener.pos,
        fmt::format("listener \"{}\" is already defined at {}", listener.name, place_text(other)));
  }
}

}  // namespace ravelin::gateway
