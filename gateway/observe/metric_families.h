// The names of everything the gateway counts: one table, in the order /metrics shows it. Immutable;
// any thread.
#pragma once

#include "gateway/observe/metric_registry.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ravelin::gateway {

// Index into the table of families. Those marked `collected` are set by a collector at scrape time.
enum class Metric : std::uint8_t {
  requests_total,
  request_duration,
  requests_in_flight,
  request_bytes_total,
  response_bytes_total,
  errors_total,
  connections,
  connections_total,
  connections_rejected_total,
  tls_handshakes_total,
  tls_handshake_duration,
  tls_handshakes_straddled_total,
  server_requests_total,
  server_connections,
  server_check_failures_total,
  server_agent_failures_total,
  pool_servers,                 // collected {pool,source}: config, file, dns, operator
  server_up,                    // collected {pool,server}: 1 or 0
  server_weight,                // collected {pool,server}
  server_weight_factor,         // collected {pool,server,cause}: load, reported, slow_start
  server_answer_seconds_total,  // collected {pool,server}: to the first byte of every answer
  server_answers_total,         // collected {pool,server}: how many those were
  server_draining,              // collected {pool,server}: 1 or 0
  server_last_change,           // collected {pool,server}: Unix time
  upstream_request_duration,
  upstream_connect_duration,
  upstream_retries_total,
  upstream_retries_denied_total,
  hedges_total,
  mirrored_requests_total,
  pool_circuit,  // collected {pool}: 0 closed, 1 open, 2 probing
  upstream_queue_length,
  pool_panic,  // collected {pool}: 1 or 0
  sticky_requests_total,
  hash_overflows_total,
  check_duration,
  dns_queries_total,
  dns_waiting,                   // collected {}: questions whose turn has not come
  certificate_expiry,            // collected {name}: Unix time of the served notAfter
  certificate_generation,        // collected {name}: of the store
  certificate_renew_at,          // collected {name}: Unix time
  certificate_renewal_failures,  // collected {name}: in a row
  certificate_refusing_clients,  // collected {name}: of a generation that is under watch
  certificate_rollbacks_total,   // collected {reason}: probe, alerts
  certificate_canary_share,      // collected {name}: ratio of the clients
  ca_limit_left,                 // collected {issuer, limit}: orders
  store_certificates,            // collected {}
  store_refused,                 // collected {}: certificates whose newest generation is not served
  store_revision,                // collected {worker}
  ticket_key_age,                // collected {}: seconds
  store_loads_total,             // collected {}: certificates made ready by a handshake
  key_signatures_total,          // collected {result}: ok, failed, refused, limited
  key_signing_time_total,        // collected {}: seconds
  keys_held,                     // collected {}
  token_signatures_total,        // collected {token, result}: ok, failed, refused, dropped
  token_waiting,                 // collected {token}: signatures whose turn has not come
  token_up,                      // collected {token}: 1 or 0
  staple_expiry,      // collected {name}: Unix time of nextUpdate, 0 = nothing is stapled
  client_crl_expiry,  // collected {listener, issuer}: Unix time of nextUpdate, 0 = none is there
  client_crl_issued,  // collected {listener, issuer}: Unix time of thisUpdate
  client_crl_fetches_total,  // collected {url, result}
  client_crl_fetch_time,     // collected {url}: Unix time of the last good answer, 0 = none yet
  config_reloads_total,
  config_reload_success,  // collected {}: 1 or 0
  config_reload_time,     // collected {}: Unix time of the last success
  process_running,        // collected {role}: 1 or 0
  process_starts_total,   // collected {role}
  log_dropped_total,      // collected {log}: access, operator
  abuse_bans_total,
  abuse_clients,             // collected {state}: watched, banned
  kernel_bans_total,         // collected {result}
  kernel_bans_waiting,       // collected {}
  kernel_ban_seconds_total,  // collected {}: of all made, from asked to in force
  ban_agent_connected,       // collected {}: 1 or 0
  quarantined_servers,       // collected {}
  kernel_tightened,          // collected {}: 1 or 0
  limit_entries,             // collected {}: of the table of rates, in use
  limit_evictions_total,     // collected {}
  overload_active,           // collected {action}: 1 or 0
  overload_pressure,         // collected {resource}: ratio
  event_loop_lag,
  worker_busy_total,  // collected {worker}: seconds
  build_info,         // collected {version}; ours
  process_cpu_total,  // collected; ours, like all process_*
  process_resident_memory,
  process_virtual_memory,
  process_open_fds,
  process_max_fds,
  process_start_time,
  count_,
};

constexpr std::size_t index(Metric metric) {
  return static_cast<std::size_t>(metric);
}

// One row per Metric, in its order; lives for ever.
std::span<const MetricFamily> gateway_metric_families();

}  // namespace ravelin::gateway
