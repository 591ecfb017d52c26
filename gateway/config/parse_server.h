// One server as it is written: in a pool, in a file of servers, or in an operator's order. Pure;
// any thread.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

#include <optional>
#include <string>

namespace ravelin::gateway {

inline constexpr std::size_t kServersMax = 4096;  // of a pool, whoever brings them

// `proxy` holds for a server that says nothing.
ServerConfig parse_server(base::yaml::Map map, const UpstreamProxyConfig& proxy);
// The same without `name` and `address`: what servers found elsewhere begin with.
ServerConfig parse_server_traits(base::yaml::Map map, const UpstreamProxyConfig& proxy);

// A version, or a map.
bool read_proxy_protocol(const base::yaml::Value& value, UpstreamProxyConfig& proxy);

// A server the operator adds: `tls` may be true or false too, and the PROXY protocol is its pool's.
struct NewServer {
  ServerConfig server;
  bool says_plaintext = false;  // "tls": false
};

NewServer parse_new_server(base::yaml::Map map);

// What is wrong with a server of a pool with this agent, beyond its syntax; nothing when all is
// well.
std::optional<std::string> fault_of(const ServerConfig& server,
                                    const std::optional<AgentConfig>& agent);

// Wherever they are written.
bool is_same_server(ServerConfig a, ServerConfig b);

}  // namespace ravelin::gateway
