#include "gateway/observe/gateway_metrics.h"

#include "gateway/observe/process_metrics.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kNamesMax = 1000;  // routes, servers, pools, listeners with their own series
constexpr std::string_view kOtherReason = "other";
// The status codes of the IANA registry (2024), and "000": no answer.
constexpr std::array<std::string_view, 63> kStatusLabels = {
    "000", "100", "101", "102", "103", "104", "200", "201", "202", "203", "204", "205", "206",
    "207", "208", "226", "300", "301", "302", "303", "304", "305", "307", "308", "400", "401",
    "402", "403", "404", "405", "406", "407", "408", "409", "410", "411", "412", "413", "414",
    "415", "416", "417", "421", "422", "423", "424", "425", "426", "428", "429", "431", "451",
    "500", "501", "502", "503", "504", "505", "506", "507", "508", "510", "511"};
static_assert(kStatusLabels.size() == kStatusSlots - 1, "the last slot is \"other\"");

constexpr std::array<std::uint8_t, 512> slots_by_status() {
  std::array<std::uint8_t, 512> slots{};
  slots.fill(kStatusLabels.size());
  for (std::size_t i = 0; i < kStatusLabels.size(); ++i) {
    const std::string_view text = kStatusLabels[i];
    slots[static_cast<std::size_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0')] =
        static_cast<std::uint8_t>(i);
  }
  return slots;
}

constexpr std::array<std::uint8_t, 512> kSlots = slots_by_status();

std::string_view result_label(Reason reason) {
  return reason == Reason::none ? "ok" : describe(reason).token;
}

std::string_view yes_or_no(Resumed resumed) {
  return resumed == Resumed::yes ? "yes" : "no";
}

Counter counter_of(MetricRegistry& registry, Metric metric,
                   std::initializer_list<std::string_view> labels) {
  return registry.counter(index(metric), {labels.begin(), labels.size()});
}

Gauge gauge_of(MetricRegistry& registry, Metric metric,
               std::initializer_list<std::string_view> labels) {
  return registry.gauge(index(metric), {labels.begin(), labels.size()});
}

Histogram histogram_of(MetricRegistry& registry, Metric metric,
                       std::initializer_list<std::string_view> labels) {
  return registry.histogram(index(metric), {labels.begin(), labels.size()});
}

// One text for several names; no name holds a control character.
std::string key_of(std::initializer_list<std::string_view> names) {
  std::string key;
  for (const std::string_view name : names)
    key.append(name).append(1, '\0');
  return key;
}

// The object of these names, made on first use; past kNamesMax the one that stands for the others.
template <class Map, class Make>
auto& find_or_make(Map& map, const std::string& key, const std::string& other_key, Make make) {
  auto found = map.find(key);
  if (found != map.end()) return *found->second;
  const bool is_full = map.size() >= kNamesMax;
  if (is_full) found = map.find(other_key);
  if (found != map.end()) return *found->second;
  return *map.emplace(is_full ? other_key : key, make(is_full)).first->second;
}

}  // namespace

std::string_view to_string(TlsVersion version) {
  switch (version) {
    case TlsVersion::none:
      return "none";
    case TlsVersion::tls12:
      return "1.2";
    case TlsVersion::tls13:
      return "1.3";
  }
  return "none";
}

std::size_t status_slot(int status) {
  if (status < 0 || static_cast<std::size_t>(status) >= kSlots.size()) return kStatusLabels.size();
  return kSlots[static_cast<std::size_t>(status)];
}

std::string_view status_label(std::size_t slot) {
  return slot < kStatusLabels.size() ? kStatusLabels[slot] : kOtherReason;
}

// ---- routes ----

RouteMetrics::RouteMetrics(MetricRegistry& registry, std::string listener, std::string route,
                           std::string pool)
    : registry_(registry),
      listener_(std::move(listener)),
      route_(std::move(route)),
      pool_(std::move(pool)),
      duration_(histogram_of(registry, Metric::request_duration, {listener_, route_})),
      bytes_in_(counter_of(registry, Metric::request_bytes_total, {listener_, route_})),
      bytes_out_(counter_of(registry, Metric::response_bytes_total, {listener_, route_})) {
  if (route_ != "none") by_status(200);  // there from the start, at 0: a first increase is seen
}

Counter RouteMetrics::by_status(int status) {
  return {by_status_.get(status_slot(status), [this](std::size_t slot) {
    return counter_of(registry_, Metric::requests_total,
                      {listener_, route_, pool_, status_label(slot)})
        .cell;
  })};
}

void RouteMetrics::request_done(WorkerCells& cells, const RequestOutcome& outcome) {
  cells.add(by_status(outcome.status));
  cells.observe(duration_, outcome.duration);
  cells.add(bytes_in_, outcome.bytes_in);
  cells.add(bytes_out_, outcome.bytes_out);
}

// ---- listeners ----

ListenerMetrics::ListenerMetrics(MetricRegistry& registry, std::string name)
    : registry_(registry),
      name_(std::move(name)),
      connections_(gauge_of(registry, Metric::connections, {name_})),
      connections_total_(counter_of(registry, Metric::connections_total, {name_})),
      in_flight_(gauge_of(registry, Metric::requests_in_flight, {name_})) {
  for (const Resumed resumed : {Resumed::no, Resumed::yes}) {
    handshake_duration_[static_cast<std::size_t>(resumed)] =
        histogram_of(registry, Metric::tls_handshake_duration, {name_, yes_or_no(resumed)});
  }
  for (const std::size_t failed : {0U, 1U}) {
    straddled_[failed] = counter_of(registry, Metric::tls_handshakes_straddled_total,
                                    {name_, failed == 0 ? "ok" : "failed"});
  }
}

void ListenerMetrics::connection_rejected(WorkerCells& cells, Reason reason) {
  cells.add(Counter{rejected_.get(static_cast<std::size_t>(reason), [this, reason](std::size_t) {
    return counter_of(registry_, Metric::connections_rejected_total,
                      {name_, describe(reason).token})
        .cell;
  })});
}

void ListenerMetrics::handshake_done(WorkerCells& cells, TlsVersion version, Resumed resumed,
                                     Reason result, microseconds duration) {
  const std::size_t slot =
      (static_cast<std::size_t>(version) * 2 + static_cast<std::size_t>(resumed)) * kReasonCount +
      static_cast<std::size_t>(result);
  cells.add(Counter{handshakes_.get(slot, [&](std::size_t) {
    return counter_of(registry_, Metric::tls_handshakes_total,
                      {name_, to_string(version), yes_or_no(resumed), result_label(result)})
        .cell;
  })});
  if (result == Reason::none) {
    cells.observe(handshake_duration_[static_cast<std::size_t>(resumed)], duration);
  }
}

void ListenerMetrics::error(WorkerCells& cells, Reason reason) {
  if (reason == Reason::none) return;
  cells.add(Counter{errors_.get(static_cast<std::size_t>(reason), [this, reason](std::size_t) {
    return counter_of(registry_, Metric::errors_total, {name_, describe(reason).token}).cell;
  })});
}

void ListenerMetrics::banned(WorkerCells& cells, Reason reason) {
  cells.add(Counter{bans_.get(static_cast<std::size_t>(reason), [this, reason](std::size_t) {
    return counter_of(registry_, Metric::abuse_bans_total, {name_, describe(reason).token}).cell;
  })});
}

// ---- servers and pools ----

ServerMetrics::ServerMetrics(MetricRegistry& registry, std::string pool, std::string server)
    : registry_(registry),
      pool_(std::move(pool)),
      server_(std::move(server)),
      connections_{gauge_of(registry, Metric::server_connections, {pool_, server_, "active"}),
                   gauge_of(registry, Metric::server_connections, {pool_, server_, "idle"})},
      check_failures_(counter_of(registry, Metric::server_check_failures_total, {pool_, server_})),
      agent_failures_(counter_of(registry, Metric::server_agent_failures_total, {pool_, server_})) {
}

void ServerMetrics::request_done(WorkerCells& cells, int status) {
  cells.add(Counter{by_status_.get(status_slot(status), [this](std::size_t slot) {
    return counter_of(registry_, Metric::server_requests_total,
                      {pool_, server_, status_label(slot)})
        .cell;
  })});
}

PoolMetrics::PoolMetrics(MetricRegistry& registry, std::string pool)
    : registry_(registry),
      pool_(std::move(pool)),
      request_duration_(histogram_of(registry, Metric::upstream_request_duration, {pool_})),
      connect_duration_(histogram_of(registry, Metric::upstream_connect_duration, {pool_})),
      check_duration_(histogram_of(registry, Metric::check_duration, {pool_})),
      queue_length_(gauge_of(registry, Metric::upstream_queue_length, {pool_})),
      retries_denied_(counter_of(registry, Metric::upstream_retries_denied_total, {pool_})) {}

void PoolMetrics::retried(WorkerCells& cells, Reason reason) {
  cells.add(Counter{retries_.get(static_cast<std::size_t>(reason), [this, reason](std::size_t) {
    return counter_of(registry_, Metric::upstream_retries_total, {pool_, describe(reason).token})
        .cell;
  })});
}

void PoolMetrics::bound(WorkerCells& cells, StickyResult result) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(StickyResult::count_)> kLabels{
      "followed", "new", "refused", "moved", "full"};
  cells.add(Counter{bound_.get(static_cast<std::size_t>(result), [&](std::size_t slot) {
    return counter_of(registry_, Metric::sticky_requests_total, {pool_, kLabels[slot]}).cell;
  })});
}

std::string_view to_string(HedgeResult result) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(HedgeResult::count_)> kLabels{
      "won", "lost", "failed", "ended", "denied", "no_server"};
  return kLabels[static_cast<std::size_t>(result)];
}

std::string_view to_string(MirrorResult result) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(MirrorResult::count_)> kLabels{
      "answered", "failed", "timeout", "no_server", "dropped", "too_large", "incomplete", "ended"};
  return kLabels[static_cast<std::size_t>(result)];
}

void PoolMetrics::hedged(WorkerCells& cells, HedgeResult result) {
  cells.add(Counter{hedges_.get(static_cast<std::size_t>(result), [&](std::size_t) {
    return counter_of(registry_, Metric::hedges_total, {pool_, to_string(result)}).cell;
  })});
}

void PoolMetrics::mirrored(WorkerCells& cells, MirrorResult result) {
  cells.add(Counter{mirrored_.get(static_cast<std::size_t>(result), [&](std::size_t) {
    return counter_of(registry_, Metric::mirrored_requests_total, {pool_, to_string(result)}).cell;
  })});
}

void PoolMetrics::overflowed(WorkerCells& cells) {
  cells.add(Counter{overflows_.get(0, [this](std::size_t) {
    return counter_of(registry_, Metric::hash_overflows_total, {pool_}).cell;
  })});
}

WorkerMetrics::WorkerMetrics(MetricRegistry& registry, std::size_t worker)
    : lag_(histogram_of(registry, Metric::event_loop_lag, {std::to_string(worker)})) {}

// ---- all of them ----

GatewayMetrics::GatewayMetrics(std::size_t workers, std::string version)
    : workers_(workers), registry_(gateway_metric_families(), workers + 1) {
  registry_.add_collector([version = std::move(version)](MetricSamples& samples) {
    samples.set(index(Metric::build_info), {version}, 1);
    collect_process_metrics(samples);
  });
  for (const std::string_view result : {"ok", "failed"}) {
    counter_of(registry_, Metric::config_reloads_total, {result});
  }
  for (const std::string_view result : {"ok", "not_found", "timeout", "failed", "bad_answer"})
    counter_of(registry_, Metric::dns_queries_total, {result});
}

ListenerMetrics& GatewayMetrics::listener(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return find_or_make(listeners_, key_of({name}), key_of({kOtherReason}), [&](bool is_full) {
    return std::make_unique<ListenerMetrics>(registry_, std::string(is_full ? kOtherReason : name));
  });
}

RouteMetrics& GatewayMetrics::route(std::string_view listener, std::string_view route,
                                    std::string_view pool) {
  const std::lock_guard lock(mutex_);
  return find_or_make(routes_, key_of({listener, route, pool}),
                      key_of({listener, kOtherReason, kOtherReason}), [&](bool is_full) {
                        return std::make_unique<RouteMetrics>(
                            registry_, std::string(listener),
                            std::string(is_full ? kOtherReason : route),
                            std::string(is_full ? kOtherReason : pool));
                      });
}

PoolMetrics& GatewayMetrics::pool(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return find_or_make(pools_, key_of({name}), key_of({kOtherReason}), [&](bool is_full) {
    return std::make_unique<PoolMetrics>(registry_, std::string(is_full ? kOtherReason : name));
  });
}

ServerMetrics& GatewayMetrics::server(std::string_view pool, std::string_view server) {
  const std::lock_guard lock(mutex_);
  return find_or_make(
      servers_, key_of({pool, server}), key_of({kOtherReason, kOtherReason}), [&](bool is_full) {
        return std::make_unique<ServerMetrics>(registry_,
                                               std::string(is_full ? kOtherReason : pool),
                                               std::string(is_full ? kOtherReason : server));
      });
}

WorkerMetrics& GatewayMetrics::worker(std::size_t worker) {
  const std::lock_guard lock(mutex_);
  return find_or_make(worker_metrics_, key_of({std::to_string(worker)}), key_of({kOtherReason}),
                      [&](bool) { return std::make_unique<WorkerMetrics>(registry_, worker); });
}

void GatewayMetrics::config_reloaded(std::string_view result) {
  control_cells().add(counter_of(registry_, Metric::config_reloads_total, {result}));
}

void GatewayMetrics::dns_query_done(std::string_view result) {
  control_cells().add(counter_of(registry_, Metric::dns_queries_total, {result}));
}

}  // namespace ravelin::gateway
