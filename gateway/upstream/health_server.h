// WatchedServer: one server under the health monitor: its state, its checks, its ejections, and the
// publishing and logging of every change. The control thread.
#pragma once

#include "base/io/log.h"
#include "base/io/task.h"
#include "gateway/upstream/check_run.h"
#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/pool_runtime.h"

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
  };

  WatchedServer(const Context& context, std::shared_ptr<Server> server, ServerMetrics& metrics);
  WatchedServer(const WatchedServer&) = delete;
  WatchedServer& operator=(const WatchedServer&) = delete;
  ~WatchedServer() = default;  // a check under way ends here: its connection is closed

  // Belongs to this pool, as server number `index`, from now on.
  void use(const PoolRuntime& pool, std::size_t index);

  void eject(Reason reason);
  void set_admin(AdminState state);
  void set_weight(std::optional<std::uint32_t> weight);
  // Its name has these addresses; none = it has not been resolved yet.
  void set_addresses(const AddressList& addresses);

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
  void use_weight();
  void start_checks(base::MonoTime first);
  base::Task<void> check_for_ever(base::MonoTime first);
  base::Task<void> check_once();
  void checked(const CheckResult& result, base::Duration took);
  void end_ejection();
  [[nodiscard]] bool may_be_ejected() const;
  void publish();
  void changed(const Change& change);

  Context context_;
  std::shared_ptr<Server> server_;
  ServerMetrics& metrics_;
  PoolMetrics* pool_metrics_ = nullptr;
  // Of every generation a request may still be in; the newest last.
  std::vector<std::weak_ptr<Pool>> pools_;
  std::shared_ptr<const UpstreamContext> tls_;
  std::shared_ptr<const HealthConfig> check_;  // null = none
  EjectionConfig ejection_;
  std::uint32_t seen_weight_;  // the configured one
  HealthState state_;
  base::MonoTime spare_logged_until_;
  Alarm ejection_end_;
  std::uint64_t seed_;
  std::uint64_t check_count_ = 0;
  base::MonoTime next_check_;
  // Not in a TaskGroup: it must end with this object, wherever it stands. Last, as it uses the
  // rest.
  std::optional<base::Task<void>> checks_;
};

}  // namespace ravelin::gateway
