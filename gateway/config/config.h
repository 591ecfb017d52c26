// The gateway's configuration as values: what ravelin.yaml means once read. Defaults are the secure
// ones and stand here and in the headers of its sections, once. Built by gateway/config/parse.*;
// immutable afterwards; any thread.
#pragma once

#include "gateway/config/abuse_config.h"
#include "gateway/config/dns_config.h"
#include "gateway/config/firewall_config.h"
#include "gateway/config/listener_config.h"
#include "gateway/config/overload_config.h"
#include "gateway/config/pool_config.h"

namespace ravelin::gateway {

struct AdminConfig {
  std::string socket;                      // "" = none
  std::optional<base::IpEndpoint> listen;  // read-only HTTP
  std::string overrides;  // file of the operator's orders that outlive a restart; "" = none
};

// What becomes of a process that cannot confine itself on this kernel.
enum class ConfinementNeed { required, where_possible };

enum class LogSink { standard_error, journald, syslog };

// Which finished requests the access log keeps: `percent` of all, and those always kept.
struct AccessSampleConfig {
  int percent = 100;                 // 0 to 100
  bool always_errors = false;        // status 500 and above, and every reason but none
  std::optional<milliseconds> slow;  // those that took this long or longer

  friend bool operator==(const AccessSampleConfig&, const AccessSampleConfig&) = default;
};

struct LogConfig {
  std::string level = "info";  // trace debug info warn error
  LogSink sink = LogSink::standard_error;
  std::string socket;                       // of journald or syslog; "" = the system's
  std::string access;                       // path, "-" = stdout, "" = none
  std::vector<std::string> fields;          // names of access log fields; empty = all
  std::vector<std::string> fields_without;  // left out of all
  AccessSampleConfig sample;
};

struct Config {
  std::string path;                // of the main file
  std::vector<std::string> files;  // the main file and every included one, in reading order
  int workers = 0;                 // 0 = auto: CPUs in the affinity mask
  std::string user;                // drop to, when started as root; "" = stay
  ConfinementNeed confinement = ConfinementNeed::required;
  TlsProfile tls_profile = TlsProfile::intermediate;    // `tls.profile`: of listeners without one
  std::vector<std::string> tls_key_groups{"ssl-cert"};  // groups a 0640 key file may belong to
  std::string zone;           // where this gateway is; "" = zones do not count
  seconds drain_timeout{30};  // SIGTERM: requests in flight have this long
  AdminConfig admin;
  LogConfig log;
  OverloadConfig overload;
  DnsConfig dns;
  LimitTablesConfig limit_tables;          // `limits`
  std::optional<AbuseConfig> abuse;        // nothing = nobody is banned
  std::optional<FirewallConfig> firewall;  // nothing = bans are the gateway's alone
  std::string certs_store;                 // certs.store; "" = none
  std::vector<ListenerConfig> listeners;
  std::vector<PoolConfig> pools;
};

}  // namespace ravelin::gateway
