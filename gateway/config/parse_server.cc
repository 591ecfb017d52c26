#include "gateway/config/parse_server.h"

#include "gateway/config/parse_key.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

UpstreamTlsConfig parse_upstream_tls(yaml::Map map) {
  UpstreamTlsConfig tls;
  tls.pos = map.pos();
  map.optional("ca", tls.ca, yaml::path());
  map.optional("name", tls.name, yaml::converted(parse_host_pattern));
  map.optional("certificate", tls.certificate, yaml::path());
  map.optional("key", tls.key, read_key_place);
  parse_key_secret(map, tls.key, tls.key_secret);
  if (map.has("certificate") != map.has("key"))
    map.error("\"certificate\" and \"key\" need each other");
  if (tls.name.starts_with("*.")) map.error("\"name\" must be one host, not a wildcard");
  return std::move(map).finish(std::move(tls));
}

// What `add` may name: the TLVs of version 2.
enum class ProxyTlv { tls, authority, request_id };
constexpr yaml::Choice<ProxyTlv> kProxyTlvs[] = {
    {"tls", ProxyTlv::tls},
    {"authority", ProxyTlv::authority},
    {"request_id", ProxyTlv::request_id},
};

UpstreamProxyConfig parse_upstream_proxy_protocol(yaml::Map map) {
  UpstreamProxyConfig proxy;
  std::vector<ProxyTlv> added;
  map.required("version", proxy.version, yaml::one_of(kProxyVersions));
  map.optional("add", added, yaml::one_or_list_of(yaml::one_of(kProxyTlvs), 0, 3));
  for (const ProxyTlv tlv : added) {
    proxy.sends_tls = proxy.sends_tls || tlv == ProxyTlv::tls;
    proxy.sends_authority = proxy.sends_authority || tlv == ProxyTlv::authority;
    proxy.sends_request_id = proxy.sends_request_id || tlv == ProxyTlv::request_id;
  }
  if (!added.empty() && proxy.version != ProxyVersion::v2)
    map.error("\"add\" needs \"version: v2\"; the others carry addresses only");
  return std::move(map).finish(proxy);
}

}  // namespace

bool read_proxy_protocol(const yaml::Value& value, UpstreamProxyConfig& proxy) {
  if (!value.is(yaml::Kind::scalar))
    return yaml::object(parse_upstream_proxy_protocol)(value, proxy);
  UpstreamProxyConfig given;
  if (!yaml::one_of(kProxyVersions)(value, given.version)) return false;
  proxy = given;
  return true;
}

namespace {

// Its part of the requests, and where it is.
void read_place(yaml::Map& map, ServerConfig& server) {
  map.optional("weight", server.weight, yaml::between(0, kServerWeightMax));
  map.optional("backup", server.backup);
  if (map.optional("priority", server.priority, yaml::between(0, 15)) && server.backup)
    map.error("\"priority\" and \"backup: true\" contradict each other: a backup comes last");
  map.optional("zone", server.zone, yaml::converted(parse_name));
  map.optional("connections_max", server.connections_max, yaml::between(0, 1'000'000));
  map.optional("agent_port", server.agent_port, yaml::between(1, 65'535));
}

// How it is spoken to.
void read_speech(yaml::Map& map, ServerConfig& server) {
  map.optional("tls", server.tls, yaml::object(parse_upstream_tls));
  map.optional("proxy_protocol", server.proxy_protocol, read_proxy_protocol);
}

void read_address(yaml::Map& map, ServerConfig& server) {
  if (map.required("address", server.address, yaml::converted(parse_server_address)))
    server.name = base::to_string(server.address);
  map.optional("name", server.name, yaml::converted(parse_name));
}

// `true`, `false`, or a map.
void read_wanted_tls(yaml::Map& map, NewServer& parsed) {
  if (!map.has("tls") || !map.value("tls").is(yaml::Kind::scalar)) {
    map.optional("tls", parsed.server.tls, yaml::object(parse_upstream_tls));
    return;
  }
  bool speaks_tls = true;
  if (!map.optional("tls", speaks_tls)) return;
  if (speaks_tls) parsed.server.tls.emplace().pos = map.pos();
  parsed.says_plaintext = !speaks_tls;
}

}  // namespace

ServerConfig parse_server(yaml::Map map, const UpstreamProxyConfig& proxy) {
  ServerConfig server;
  server.proxy_protocol = proxy;
  server.pos = map.pos();
  read_address(map, server);
  read_place(map, server);
  read_speech(map, server);
  return std::move(map).finish(std::move(server));
}

ServerConfig parse_server_traits(yaml::Map map, const UpstreamProxyConfig& proxy) {
  ServerConfig server;
  server.proxy_protocol = proxy;
  server.pos = map.pos();
  read_place(map, server);
  read_speech(map, server);
  return std::move(map).finish(std::move(server));
}

NewServer parse_new_server(yaml::Map map) {
  NewServer parsed;
  parsed.server.pos = map.pos();
  parsed.server.source = ServerSource::admin;
  read_address(map, parsed.server);
  read_place(map, parsed.server);
  read_wanted_tls(map, parsed);
  return std::move(map).finish(std::move(parsed));
}

std::optional<std::string> fault_of(const ServerConfig& server,
                                    const std::optional<AgentConfig>& agent) {
  const bool is_unix = std::holds_alternative<base::UnixEndpoint>(server.address);
  if (server.tls && is_unix && server.tls->name.empty())
    return "\"tls\" needs \"name\": a Unix socket has no host name to verify";
  if (!agent) {
    if (server.agent_port != 0) return "\"agent_port\": the pool has no \"agent\"";
    return std::nullopt;
  }
  if (is_unix) return "a server on a Unix socket has no port for an agent beside it";
  if (server.agent_port == 0 && agent->port == 0)
    return "no port for its agent: write \"agent.port\" of the pool or the server's \"agent_port\"";
  return std::nullopt;
}

bool is_same_server(ServerConfig a, ServerConfig b) {
  a.pos = b.pos = {};
  if (a.tls) a.tls->pos = {};
  if (b.tls) b.tls->pos = {};
  return a == b;
}

}  // namespace ravelin::gateway
