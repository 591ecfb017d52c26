// WorkerContext: everything a connection may use of its worker, and the worker's own view of the
// snapshot. No behaviour beyond small look-ups. One worker's thread.
#pragma once

#include "base/io/task_group.h"
#include "certs/view/challenge_answers.h"
#include "gateway/balance/balancer.h"
#include "gateway/balance/hedge_budget.h"
#include "gateway/balance/retry_budget.h"
#include "gateway/balance/weighted_turn.h"
#include "gateway/http/http_date.h"
#include "gateway/http1/request_parser.h"
#include "gateway/http1/response_parser.h"
#include "gateway/limit/overload.h"
#include "gateway/net/buffer.h"
#include "gateway/net/reactor.h"
#include "gateway/observe/access_log.h"
#include "gateway/proxy/ban_notice.h"
#include "gateway/proxy/request_ids.h"
#include "gateway/proxy/rules/known_passwords.h"
#include "gateway/proxy/rules/password_checks.h"
#include "gateway/proxy/snapshot.h"
#include "gateway/upstream/connection.h"

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

// A worker's side of one pool in one generation.
struct WorkerPool {
  std::shared_ptr<Pool> pool;
  std::vector<std::shared_ptr<UpstreamServer>> servers;
  Balancer balancer;
  std::uint64_t seen_version = 0;  // of the pool, when the balancer was last told
  PoolMetrics* metrics = nullptr;
  bool reads_requests = false;  // the choice depends on the request: see PickHints
  RetryBudget retry_budget;
  HedgeBudget hedge_budget;
  // Copies of requests for it that are gathered or under way; one number over all generations.
  std::shared_ptr<std::uint32_t> mirrors = std::make_shared<std::uint32_t>(0);
  std::uint32_t probe_turn = 0;  // of the requests let through while the circuit is probing

  // Whether the pool's circuit lets a request through.
  bool admits() {
    const Circuit circuit = pool->circuit();
    if (circuit == Circuit::closed) return true;
    if (circuit == Circuit::open) return false;
    const auto percent = static_cast<std::uint32_t>(pool->config().circuit->probe_percent);
    probe_turn += percent;
    if (probe_turn < 100) return false;
    probe_turn -= 100;
    return true;
  }
};

// What a request pins: the snapshot and this worker's pools for it.
struct WorkerSnapshot {
  std::shared_ptr<const Snapshot> snapshot;
  // Those of pools and splits that stay are shared with the generation before.
  std::vector<std::shared_ptr<WorkerPool>> pools;
  std::vector<std::shared_ptr<WeightedTurn>> turns;  // one for each split of a route
};

// Gateway-wide numbers that limit or report; each on its own cache line.
struct GatewayLoad {
  alignas(64) std::atomic<std::uint32_t> requests_in_flight{0};
  alignas(64) std::atomic<bool> draining{false};
  std::atomic<std::uint8_t> overload{0};  // OverloadActions

  [[nodiscard]] bool is_overloaded(OverloadAction action) const {
    return OverloadActions(overload.load(std::memory_order_relaxed)).has(action);
  }
};

// What workers tell the control thread; called on any worker, must only post.
class ControlEvents {
 public:
  ControlEvents() = default;
  ControlEvents(const ControlEvents&) = delete;
  ControlEvents& operator=(const ControlEvents&) = delete;
  virtual ~ControlEvents() = default;

  virtual void server_failed(std::shared_ptr<Server> server, Reason reason) = 0;
};

class Connection;

struct WorkerContext {
  unsigned index = 0;
  Reactor& reactor;
  BufferPool& buffers;
  base::TaskGroup& tasks;
  WorkerCells& cells;
  AccessLogChannel& access_log;
  GatewayLoad& load;
  ControlEvents& control;
  BanListener& bans;
  RequestIds& request_ids;
  PasswordChecks& password_checks;
  KnownPasswords known_passwords;
  std::shared_ptr<const WorkerSnapshot> current;
  // By listener: the last generation of those that have just left the configuration, while clients
  // who were connected before may still be accepted.
  std::unordered_map<std::string, std::shared_ptr<const WorkerSnapshot>> left;
  std::uint64_t store_revision = 0;                           // of the certificate store
  std::shared_ptr<const certs::ChallengeAnswers> challenges;  // null = there are none
  bool stopping = false;               // requests that are still being served are to end now
  std::list<Connection*> connections;  // every open one, for drain and stop
  std::atomic<std::size_t>& open_connections;  // how many: for other threads
  HttpDate date;
  // Parsed heads, valid until the coroutine that filled one suspends.
  http1::RequestHead request_head;
  http1::ResponseHead response_head;
};

}  // namespace ravelin::gateway
