#include "gateway/config/parse_listener.h"

#include "gateway/config/parse_limits.h"
#include "gateway/config/parse_route.h"
#include "gateway/config/parse_route_rules.h"
#include "gateway/config/parse_tls.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBindsMax = 64;       // per listener
constexpr std::size_t kRoutesMax = 50'000;  // per listener
constexpr std::size_t kProxySourcesMax = 1000;
constexpr std::uint64_t kMiB = 1024 * 1024;
// A head lies in one block of the gateway (BlockSize::bulk), its fields in one list.
constexpr std::uint64_t kHeaderBytesMax = 64 * 1024;
constexpr int kHeaderCountMax = 128;

constexpr yaml::Choice<bool> kPlaintext[] = {{"allowed", true}};
constexpr yaml::Choice<bool> kRedirect[] = {{"https", true}};

struct ListenerLimits {
  HttpLimits http;
  RouteLimitsConfig route;
};

ListenerLimits parse_limits(yaml::Map map) {
  ListenerLimits all;
  HttpLimits& limits = all.http;
  map.optional("request_line_max", limits.request_line_bytes_max,
               yaml::bytes(256, kHeaderBytesMax));
  map.optional("header_max", limits.header_bytes_max, yaml::bytes(1024, kHeaderBytesMax));
  map.optional("header_count_max", limits.header_count_max, yaml::between(8, kHeaderCountMax));
  map.optional("chunk_extension_max", limits.chunk_extension_bytes_max, yaml::bytes(0, kMiB));
  map.optional("trailer_max", limits.trailer_bytes_max, yaml::bytes(0, kMiB));
  map.optional("body_max", limits.body_bytes_max, yaml::bytes(0, kMiB * kMiB));
  map.optional("requests_per_connection_max", limits.requests_per_connection_max,
               yaml::between(0, 1'000'000'000));
  if (limits.request_line_bytes_max > limits.header_bytes_max) {
    map.error("\"request_line_max\" is larger than \"header_max\", which includes it");
  }
  parse_route_limits(map, all.route);
  return std::move(map).finish(std::move(all));
}

ListenerTimeouts parse_timeouts(yaml::Map map) {
  ListenerTimeouts timeouts;
  map.optional("handshake", timeouts.handshake, yaml::between(100ms, 10min));
  map.optional("header", timeouts.header, yaml::between(100ms, 10min));
  map.optional("idle", timeouts.idle, yaml::between(10ms, 24h));
  map.optional("body_idle", timeouts.body_idle, yaml::between(100ms, 24h));
  map.optional("min_rate", timeouts.min_rate_bytes_per_s, yaml::bytes(0, 1024 * kMiB));
  return std::move(map).finish(timeouts);
}

ConnectionLimits parse_connections(yaml::Map map) {
  ConnectionLimits connections;
  map.optional("max", connections.max, yaml::between(1, 10'000'000));
  map.optional("per_client_max", connections.per_client_max, yaml::between(1, 10'000'000));
  return std::move(map).finish(connections);
}

ForwardedConfig parse_forwarded(yaml::Map map) {
  ForwardedConfig forwarded;
  map.optional("trusted", forwarded.trusted,
               yaml::one_or_list_of(yaml::converted(base::parse_prefix), 0, 10'000));
  map.optional("forwarded", forwarded.forwarded);
  return std::move(map).finish(std::move(forwarded));
}

// One entry of `bind`: an address, or a socket that is passed.
struct BindEntry {
  std::optional<base::Endpoint> address;
  std::string passed;
};

Result<BindEntry> parse_bind_entry(std::string_view text) {
  constexpr std::string_view kPassed = "systemd:";
  if (text.starts_with(kPassed)) {
    auto name = parse_socket_name(text.substr(kPassed.size()));
    if (!name) return name.error();
    return BindEntry{.address = {}, .passed = std::move(*name)};
  }
  auto address = parse_bind(text);
  if (!address) return address.error();
  return BindEntry{.address = std::move(*address), .passed = {}};
}

ProxyProtocolConfig parse_proxy_protocol(yaml::Map map) {
  ProxyProtocolConfig proxy_protocol;
  proxy_protocol.pos = map.pos();
  map.required("from", proxy_protocol.from,
               yaml::one_or_list_of(yaml::converted(parse_proxy_source), 1, kProxySourcesMax));
  return std::move(map).finish(std::move(proxy_protocol));
}

}  // namespace

ListenerConfig parse_listener(yaml::Map map, TlsProfile profile) {
  const auto parse_tls = [profile](yaml::Map tls) {
    return parse_listener_tls(std::move(tls), profile);
  };
  ListenerConfig listener;
  listener.pos = map.pos();
  map.required("name", listener.name, yaml::converted(parse_name));
  std::vector<BindEntry> binds;
  map.required("bind", binds,
               yaml::one_or_list_of(yaml::converted(parse_bind_entry), 1, kBindsMax));
  for (BindEntry& bind : binds) {
    if (bind.address) {
      listener.bind.push_back(std::move(*bind.address));
    } else {
      listener.passed_sockets.push_back(std::move(bind.passed));
    }
  }
  map.optional("tls", listener.tls, yaml::object(parse_tls));
  map.optional("plaintext", listener.plaintext_allowed, yaml::one_of(kPlaintext));
  map.optional("redirect", listener.redirect_https, yaml::one_of(kRedirect));
  ListenerLimits limits;
  map.optional("limits", limits, yaml::object(parse_limits));
  listener.limits = limits.http;
  listener.route_limits = std::move(limits.route);
  const auto parse_routes = [&](yaml::Map route) {
    return parse_route(std::move(route), listener.route_limits);
  };
  map.optional("routes", listener.routes, yaml::list_of(yaml::object(parse_routes), 1, kRoutesMax));
  map.optional("error_pages", listener.error_pages, read_error_pages);
  map.optional("timeouts", listener.timeouts, yaml::object(parse_timeouts));
  map.optional("connections", listener.connections, yaml::object(parse_connections));
  map.optional("forwarded", listener.forwarded, yaml::object(parse_forwarded));
  map.optional("proxy_protocol", listener.proxy_protocol, yaml::object(parse_proxy_protocol));
  for (std::size_t i = 0; i < listener.routes.size(); ++i) {
    RouteConfig& route = listener.routes[i];
    if (route.name.empty()) route.name = fmt::format("{}/{}", listener.name, i);
  }
  return std::move(map).finish(std::move(listener));
}

}  // namespace ravelin::gateway
