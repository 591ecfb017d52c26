// Settings that hold from start to end, whatever a reload finds: the number of workers, the user,
// where administrators connect. A reload that changes one says so.
#pragma once

#include "gateway/config/config.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct RestartOnly {
  int workers = 0;
  std::string user;
  std::string admin_socket;
  std::optional<base::IpEndpoint> admin_listen;
  std::string admin_overrides;
  LogSink log_sink = LogSink::standard_error;
  std::string log_socket;
  std::string firewall_socket;  // bans go to; "" = nowhere
};

// Where bans go, and what else the firewall is to know; "" = nowhere.
inline std::string ban_socket_of(const Config& config) {
  const bool has_something = config.abuse || config.overload.kernel ||
                             std::ranges::any_of(config.pools, [](const PoolConfig& pool) {
                               return !pool.quarantine.empty();
                             });
  const bool goes_on = has_something && config.firewall && config.firewall->takes_bans;
  return goes_on ? config.firewall->socket : std::string();
}

inline RestartOnly restart_only_of(const Config& config) {
  return {config.workers,         config.user,     config.admin.socket, config.admin.listen,
          config.admin.overrides, config.log.sink, config.log.socket,   ban_socket_of(config)};
}

// The keys whose values differ.
inline std::vector<std::string_view> restart_only_changes(const RestartOnly& running,
                                                          const Config& next) {
  std::vector<std::string_view> keys;
  if (next.workers != running.workers) keys.push_back("workers");
  if (next.user != running.user) keys.push_back("user");
  if (next.admin.socket != running.admin_socket) keys.push_back("admin.socket");
  if (next.admin.listen != running.admin_listen) keys.push_back("admin.listen");
  if (next.admin.overrides != running.admin_overrides) keys.push_back("admin.overrides");
  if (next.log.sink != running.log_sink) keys.push_back("log.sink");
  if (next.log.socket != running.log_socket) keys.push_back("log.socket");
  if (ban_socket_of(next) != running.firewall_socket) keys.push_back("firewall.socket");
  return keys;
}

}  // namespace ravelin::gateway
