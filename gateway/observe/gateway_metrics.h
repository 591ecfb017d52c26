// Every metric of the gateway, and the handles the data path counts through. GatewayMetrics is made
// once by main and outlives workers and snapshots; a snapshot asks for its handles while it is
// built (control thread), workers then count with their own WorkerCells, without lock or
// allocation. The names are in metric_families.h.
#pragma once

#include "gateway/observe/metric_families.h"
#include "gateway/observe/metric_registry.h"
#include "gateway/observe/reason.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace ravelin::gateway {

using std::chrono::microseconds;

enum class TlsVersion : std::uint8_t { none, tls12, tls13 };
enum class Resumed : std::uint8_t { no, yes };
std::string_view to_string(TlsVersion version);  // "none", "1.2", "1.3": the metric label

// Handles of a small fixed set of series, each assigned the first time it counts.
template <std::size_t N>
class LazyCells {
 public:
  // `assign(index)` gives the cell; may run twice at once, with the same answer.
  template <class Assign>
  std::uint32_t get(std::size_t index, Assign assign) {
    std::uint32_t cell = cells_[index].load(std::memory_order_acquire);
    if (cell == 0) {
      cell = assign(index);
      cells_[index].store(cell, std::memory_order_release);
    }
    return cell;
  }

 private:
  std::array<std::atomic<std::uint32_t>, N> cells_{};
};

// The code label: a status of the IANA registry is itself, any other is "other".
inline constexpr std::size_t kStatusSlots = 64;
std::size_t status_slot(int status);              // below kStatusSlots
std::string_view status_label(std::size_t slot);  // "200", "other"

// What a request came to.
struct RequestOutcome {
  int status = 0;  // sent to the client; 0 = none (counted as code "000")
  microseconds duration{0};
  std::uint64_t bytes_in = 0;   // of the request body
  std::uint64_t bytes_out = 0;  // of the response body
};

class RouteMetrics {
 public:
  RouteMetrics(MetricRegistry& registry, std::string listener, std::string route, std::string pool);

  void request_done(WorkerCells& cells, const RequestOutcome& outcome);

 private:
  Counter by_status(int status);

  MetricRegistry& registry_;
  std::string listener_;
  std::string route_;
  std::string pool_;
  Histogram duration_;
  Counter bytes_in_;
  Counter bytes_out_;
  LazyCells<kStatusSlots> by_status_;
};

class ListenerMetrics {
 public:
  ListenerMetrics(MetricRegistry& registry, std::string name);

  void connection_opened(WorkerCells& cells) {
    cells.add(connections_, 1);
    cells.add(connections_total_);
  }

  void connection_closed(WorkerCells& cells) { cells.add(connections_, -1); }

  // Closed before it was served: connection_limit, client_connection_limit, overload, draining.
  void connection_rejected(WorkerCells& cells, Reason reason);

  // A client of this listener was banned, for this in the end.
  void banned(WorkerCells& cells, Reason reason);

  // `result` is Reason::none for a handshake that succeeded; only those have their time observed.
  void handshake_done(WorkerCells& cells, TlsVersion version, Resumed resumed, Reason result,
                      microseconds duration);

  // Certificates were replaced between its beginning and its end.
  void handshake_straddled(WorkerCells& cells, Reason result) {
    cells.add(straddled_[result == Reason::none ? 0 : 1]);
  }

  void request_started(WorkerCells& cells) { cells.add(in_flight_, 1); }

  void request_ended(WorkerCells& cells) { cells.add(in_flight_, -1); }

  // Every request or connection that did not end well, once; Reason::none counts nothing.
  void error(WorkerCells& cells, Reason reason);

 private:
  MetricRegistry& registry_;
  std::string name_;
  Gauge connections_;
  Counter connections_total_;
  Gauge in_flight_;
  std::array<Histogram, 2> handshake_duration_;  // by Resumed
  std::array<Counter, 2> straddled_;             // ok, failed
  LazyCells<kReasonCount> rejected_;
  LazyCells<kReasonCount> errors_;
  LazyCells<kReasonCount> bans_;
  LazyCells<3 * 2 * kReasonCount> handshakes_;
};

enum class ServerConnectionState : std::uint8_t { active, idle };

class ServerMetrics {
 public:
  ServerMetrics(MetricRegistry& registry, std::string pool, std::string server);

  // One answer of the server, or one attempt that failed (`status` 0, code "000").
  void request_done(WorkerCells& cells, int status);

  void connections_changed(WorkerCells& cells, ServerConnectionState state, std::int64_t change) {
    cells.add(connections_[static_cast<std::size_t>(state)], change);
  }

  void check_failed(WorkerCells& cells) { cells.add(check_failures_); }

  void agent_failed(WorkerCells& cells) { cells.add(agent_failures_); }

 private:
  MetricRegistry& registry_;
  std::string pool_;
  std::string server_;
  std::array<Gauge, 2> connections_;
  Counter check_failures_;
  Counter agent_failures_;
  LazyCells<kStatusSlots> by_status_;
};

// What became of the cookie that binds a session: it led to its server; there was none, or one
// that was not ours, and one was set; its server could not be used, and one for another was set;
// its server was full, and another answered this once.
enum class StickyResult : std::uint8_t { followed, fresh, refused, moved, full, count_ };

// What became of a request that was, or should have been, sent to a second server as well: that one
// answered first; the first did; the second failed; time was over before either answered; the share
// of hedges was used up; no other server had room.
enum class HedgeResult : std::uint8_t { won, lost, failed, ended, denied, no_server, count_ };
std::string_view to_string(HedgeResult result);

// What became of a copy for another pool: answered, with any status; no answer, or a broken one; no
// whole answer in time; no server of that pool had room; too many under way; the body was too
// large; the body did not come whole; the gateway stopped.
enum class MirrorResult : std::uint8_t {
  answered,
  failed,
  timeout,
  no_server,
  dropped,
  too_large,
  incomplete,
  ended,
  count_,
};
std::string_view to_string(MirrorResult result);

class PoolMetrics {
 public:
  PoolMetrics(MetricRegistry& registry, std::string pool);

  void request_done(WorkerCells& cells, microseconds duration) {
    cells.observe(request_duration_, duration);
  }

  // TCP and TLS together, of connections that were made.
  void connected(WorkerCells& cells, microseconds duration) {
    cells.observe(connect_duration_, duration);
  }

  void retried(WorkerCells& cells, Reason reason);

  void retry_denied(WorkerCells& cells) { cells.add(retries_denied_); }

  void queue_changed(WorkerCells& cells, std::int64_t change) { cells.add(queue_length_, change); }

  void bound(WorkerCells& cells, StickyResult result);

  void hedged(WorkerCells& cells, HedgeResult result);

  // Of the pool that gets the copies.
  void mirrored(WorkerCells& cells, MirrorResult result);

  // Requests that the bound on a server's load took to another than their key's own.
  void overflowed(WorkerCells& cells);

  void checked(WorkerCells& cells, microseconds duration) {
    cells.observe(check_duration_, duration);
  }

 private:
  MetricRegistry& registry_;
  std::string pool_;
  Histogram request_duration_;
  Histogram connect_duration_;
  Histogram check_duration_;
  Gauge queue_length_;
  Counter retries_denied_;
  LazyCells<kReasonCount> retries_;
  LazyCells<static_cast<std::size_t>(StickyResult::count_)> bound_;
  LazyCells<static_cast<std::size_t>(HedgeResult::count_)> hedges_;
  LazyCells<static_cast<std::size_t>(MirrorResult::count_)> mirrored_;
  LazyCells<1> overflows_;
};

class WorkerMetrics {
 public:
  WorkerMetrics(MetricRegistry& registry, std::size_t worker);

  void event_loop_lag(WorkerCells& cells, microseconds lag) { cells.observe(lag_, lag); }

 private:
  Histogram lag_;
};

class GatewayMetrics {
 public:
  // `workers` data-path threads, and one set of cells more for the control thread.
  GatewayMetrics(std::size_t workers, std::string version);

  [[nodiscard]] std::size_t workers() const { return workers_; }

  WorkerCells& worker_cells(std::size_t worker) { return registry_.cells(worker); }

  // For the control thread alone (health checks, reloads).
  WorkerCells& control_cells() { return registry_.cells(workers_); }

  // Handles live as long as this object; the same names give the same one. Control thread, while a
  // snapshot is built. Beyond 1,000 routes, servers or pools the rest share one named "other". Use
  // route "none" for requests that met no route, pool "none" where the gateway answers itself.
  ListenerMetrics& listener(std::string_view name);
  RouteMetrics& route(std::string_view listener, std::string_view route, std::string_view pool);
  PoolMetrics& pool(std::string_view name);
  ServerMetrics& server(std::string_view pool, std::string_view server);
  WorkerMetrics& worker(std::size_t worker);

  // result: "ok" or "failed". Control thread.
  void config_reloaded(std::string_view result);
  // result: one of DnsClient::kResults. Control thread.
  void dns_query_done(std::string_view result);

  // Called at each scrape, on the scraping thread: samples.set(index(Metric::server_up),
  // {pool, server}, 1).
  void add_collector(MetricCollector collector) { registry_.add_collector(std::move(collector)); }

  // The body of /metrics (Content-Type "text/plain; version=0.0.4; charset=utf-8"). Any thread;
  // workers are not stopped.
  [[nodiscard]] std::string exposition() const { return registry_.write_text(); }

 private:
  template <class T>
  using ByName = std::map<std::string, std::unique_ptr<T>, std::less<>>;

  std::size_t workers_;
  MetricRegistry registry_;
  std::mutex mutex_;  // guards the maps below
  ByName<ListenerMetrics> listeners_;
  ByName<RouteMetrics> routes_;
  ByName<PoolMetrics> pools_;
  ByName<ServerMetrics> servers_;
  ByName<WorkerMetrics> worker_metrics_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace ravelin::gateway
