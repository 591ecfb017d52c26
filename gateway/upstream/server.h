// Server: one backend server as the whole gateway sees it: what it is, whether it may be used, how
// loaded it is. Shared by all workers and the control thread, and kept over reloads while its
// identity stays the same.
#pragma once

#include "base/clock.h"
#include "gateway/balance/effective_weight.h"
#include "gateway/config/config.h"
#include "gateway/net/address.h"
#include "gateway/observe/reason.h"
#include "gateway/upstream/admin_state.h"
#include "gateway/upstream/server_signals.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

using AddressList = std::vector<SocketAddress>;

class Server {
 public:
  // `workers`: how many will count what they see of it.
  Server(std::string pool, const ServerConfig& config, std::size_t workers = 1);

  // identity() of a server made of these.
  static std::string identity_of(std::string_view pool, const ServerConfig& config);

  // What makes two configured servers the same one over a reload: pool, name, address, TLS and
  // the PROXY protocol.
  [[nodiscard]] const std::string& identity() const { return identity_; }

  [[nodiscard]] const std::string& pool() const { return pool_; }

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const base::Endpoint& endpoint() const { return endpoint_; }

  // The header it wants in front of each connection; with one, none is used for a second request.
  [[nodiscard]] const UpstreamProxyConfig& proxy_protocol() const { return proxy_protocol_; }

  // ---- data path, any worker ----
  [[nodiscard]] bool is_usable() const { return usable_.load(std::memory_order_relaxed); }

  // Drained or not: sessions that are bound to it may go on.
  [[nodiscard]] bool takes_sessions() const {
    return takes_sessions_.load(std::memory_order_relaxed);
  }

  // Whatever its health: neither the operator nor its agent has taken it out, and it has an
  // address.
  [[nodiscard]] bool is_usable_in_panic() const {
    return usable_in_panic_.load(std::memory_order_relaxed);
  }

  // In hundredths (kWeightUnit).
  [[nodiscard]] std::uint32_t weight() const { return weight_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t in_flight() const {
    return in_flight_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint32_t in_flight_max() const {
    return in_flight_max_.load(std::memory_order_relaxed);
  }

  // Takes one of the configured places; false when all are taken. Exact over all workers.
  bool try_enter() {
    const std::uint32_t limit = in_flight_max();
    if (limit == 0) {
      in_flight_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    std::uint32_t current = in_flight();
    while (current < limit) {
      if (in_flight_.compare_exchange_weak(current, current + 1, std::memory_order_relaxed))
        return true;
    }
    return false;
  }

  void leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  // A request that went through, or failed in a way that is the server's fault. One failure that is
  // the `limit`th in a row, or beyond it where the limit was higher before, returns true, and no
  // other until the row ends: the caller reports it to the control thread, which ejects the server
  // and begins a new row.
  void succeeded() {
    if (failures_.load(std::memory_order_relaxed) != 0)
      failures_.store(0, std::memory_order_relaxed);
  }

  bool failed(std::uint32_t limit) {
    if (limit == 0 || (failures_.load(std::memory_order_relaxed) & kReported) != 0) return false;
    if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < limit) return false;
    return (failures_.fetch_or(kReported, std::memory_order_relaxed) & kReported) == 0;
  }

  // Each worker has its own.
  ServerSignals& signals(std::size_t worker) { return signals_[worker]; }

  [[nodiscard]] SignalTotals signal_totals() const {
    SignalTotals totals;
    for (const ServerSignals& signals : signals_)
      signals.add_to(totals);
    return totals;
  }

  // What the server last said of its weight in a response, in percent.
  void report_weight(int percent) { reported_percent_.store(percent, std::memory_order_relaxed); }

  // The same, once: nothing until it is said again.
  std::optional<int> take_reported_weight() {
    const int percent = reported_percent_.exchange(-1, std::memory_order_relaxed);
    return percent < 0 ? std::nullopt : std::optional(percent);
  }

  // Addresses to try, in order; empty while a name has not been resolved.
  [[nodiscard]] std::shared_ptr<const AddressList> addresses() const {
    return std::atomic_load(&addresses_);
  }

  // Until then its connections pass a firewall that may not have heard yet that it is to let them.
  [[nodiscard]] bool is_let_through(base::MonoTime now) const {
    return now.since_boot.count() < let_through_until_.load(std::memory_order_relaxed);
  }

  // Another one whenever the addresses are others. Read it before them.
  [[nodiscard]] std::uint32_t addresses_version() const {
    return addresses_version_.load(std::memory_order_acquire);
  }

  // ---- control thread ----
  struct Control {
    AdminState admin = AdminState::ready;
    AdminState agent_order = AdminState::ready;  // the same by its agent: the stricter one counts
    bool healthy = true;                         // by active checks and its agent
    bool ejected = false;                        // by failures in a row
    int ejections = 0;                           // in a row, for the back-off
    std::optional<std::uint32_t> weight_override;
    std::uint32_t configured_weight = 1;
    WeightParts weight;  // but for the base, which is one of the two above
    WeightBounds weight_bounds;
    bool backup = false;
    int priority = 0;
    std::string zone;
    ServerSource source = ServerSource::config;
    std::string reason;  // why it is not usable, for people
    base::WallTime changed;
  };

  Control& control() { return control_; }

  void set_addresses(AddressList addresses);

  // As configured; 0 = no limit.
  void set_in_flight_max(std::uint32_t limit) {
    configured_in_flight_max_ = limit;
    publish_in_flight_max();
  }

  // By its agent, in place of the configured one; nothing = as configured.
  void override_in_flight_max(std::optional<std::uint32_t> limit) {
    in_flight_max_override_ = limit;
    publish_in_flight_max();
  }

  // Publishes what `control` means to the workers; returns whether usability changed.
  bool publish();
  // The same for the weight alone; returns whether it changed.
  bool publish_weight();

  void let_through_until(base::MonoTime until) {
    let_through_until_.store(until.since_boot.count(), std::memory_order_relaxed);
  }

  void clear_failures() { failures_.store(0, std::memory_order_relaxed); }

 private:
  void publish_in_flight_max() {
    in_flight_max_.store(in_flight_max_override_.value_or(configured_in_flight_max_),
                         std::memory_order_relaxed);
  }

  static constexpr std::uint32_t kReported = 1U << 31;  // in failures_, beside their number

  std::string pool_;
  std::string name_;
  base::Endpoint endpoint_;
  UpstreamProxyConfig proxy_protocol_;
  std::string identity_;
  Control control_;
  std::uint32_t configured_in_flight_max_ = 0;
  std::optional<std::uint32_t> in_flight_max_override_;
  std::shared_ptr<const AddressList> addresses_;
  std::vector<ServerSignals> signals_;  // by worker
  std::atomic<int> reported_percent_{-1};
  alignas(64) std::atomic<bool> usable_{true};
  std::atomic<bool> takes_sessions_{true};
  std::atomic<bool> usable_in_panic_{true};
  std::atomic<std::uint32_t> weight_{kWeightUnit};
  std::atomic<std::uint32_t> in_flight_max_{0};
  std::atomic<std::uint32_t> addresses_version_{0};
  std::atomic<base::Duration::rep> let_through_until_{0};
  alignas(64) std::atomic<std::uint32_t> in_flight_{0};
  alignas(64) std::atomic<std::uint32_t> failures_{0};
};

}  // namespace ravelin::gateway
