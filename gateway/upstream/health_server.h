// WatchedServer: one server under the health monitor: its state, its checks, its ejections, and the
// publishing and logging of every change. The control thread.
#pragma once

#include "base/io/log.h"
#include "base/io/task.h"
#include "gateway/upstream/agent_watch.h"
#include "gateway/upstream/check_run.h"
#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/live_weight.h"
#include "gateway/upstream/pool_runtime.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

class WatchedServer {
 public:
  struct Context {
    Reactor& reactor;
    BufferPool& buffers;
    WorkerCells& cells;
    base::LogRate& void_checks;
    const std::function<void()>& standing_changed;  // called before the workers know
  };

  WatchedServer(const Context& context, std::shared_ptr<Server> server, ServerMetrics& metrics);
  WatchedServer(const WatchedServer&) = delete;
  WatchedServer& operator=(const WatchedServer&) = delete;
  ~WatchedServer() = default;  // a check under way ends here: its connection is closed

  // Belongs to this pool, as server number `index`, from now on.
  void use(const PoolRuntime& pool, std::size_t index);

  // It has joined a pool that was there before: it starts slowly.
  void join() {
    if (verdict().is_usable()) weight_.became_usable();
  }

  // Checks from now on use this.
  void use_tls(std::shared_ptr<const UpstreamContext> context) { tls_ = std::move(context); }

  // After failures in a row, the last for this reason; for what else there is to say.
  void eject(Reason reason);
  void eject(const std::string& why);
  void set_admin(AdminState state);
  void set_weight(std::optional<std::uint32_t> weight);
  // Its name has these addresses; none = it has not been resolved yet.
  void set_addresses(const AddressList& addresses);

  LiveWeight& weight() { return weight_; }

  [[nodiscard]] const std::shared_ptr<Server>& server() const { return server_; }

  [[nodiscard]] Verdict verdict() const;

 private:
  // What the logs say of a change.
  struct Change {
    std::string message;
    std::string reason;
    enum class Weight : unsigned char { good_news, bad_news } weight = Weight::good_news;
  };

  void use_checks(const std::optional<HealthConfig>& health);
  void use_weight(const PoolConfig& pool);
  void use_agent(const PoolConfig& pool, std::uint16_t port);
  void agent_said(const base::Result<AgentReply>& reply);
  void limit_in_flight(std::optional<std::uint32_t> by_agent);
  void start_checks(base::MonoTime first);
  base::Task<void> check_for_ever(base::MonoTime first);
  [[nodiscard]] base::Task<CheckResult> begin_check() const;
  base::Task<void> check_once();
  void checked(const CheckResult& result, base::Duration took);
  void end_ejection();
  [[nodiscard]] bool may_be_ejected() const;
  void publish();
  void tell_workers();
  void changed(const Change& change);

  Context context_;
  std::shared_ptr<Server> server_;
  ServerMetrics& metrics_;
  PoolMetrics* pool_metrics_ = nullptr;
  // Of every generation a request may still be in; the newest last.
  std::vector<std::weak_ptr<Pool>> pools_;
  std::shared_ptr<const UpstreamContext> tls_;
  std::shared_ptr<const HealthConfig> check_;  // null = none
  std::string weight_header_;
  EjectionConfig ejection_;
  std::uint32_t seen_weight_;  // the configured one
  LiveWeight weight_;
  bool agent_answers_ = true;
  HealthState state_;
  base::MonoTime spare_logged_until_;
  Alarm ejection_end_;
  std::uint64_t seed_;
  std::uint64_t check_count_ = 0;
  base::MonoTime next_check_;
  // Last, as they use the rest. Not in a TaskGroup: they must end with this object, wherever they
  // stand.
  std::unique_ptr<AgentWatch> agent_;
  std::optional<base::Task<void>> checks_;
};

}  // namespace ravelin::gateway
