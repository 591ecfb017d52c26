#include "gateway/runtime/worker.h"

#include "gateway/limit/client_prefix.h"
#include "gateway/net/half_open.h"
#include "gateway/tls/remote/asking_together.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <unordered_set>

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

// Longer than any grace a listener is closed with.
constexpr auto kLeftListenersKept = 2s + Worker::kHandshakesMax;

constexpr base::Duration kBeyondAllDeadlines = 24h * 366;
constexpr int kRoundsToAnswer = 5;  // of 20 ms

}  // namespace

Worker::Worker(const Parts& parts)
    : index_(parts.index),
      metrics_(parts.metrics),
      context_{.index = parts.index,
               .reactor = reactor_,
               .buffers = buffers_,
               .tasks = tasks_,
               .cells = parts.metrics.worker_cells(parts.index),
               .access_log = parts.access_log.channel(parts.index),
               .load = parts.load,
               .control = parts.control,
               .bans = parts.bans,
               .request_ids = request_ids_,
               .password_checks = parts.password_checks,
               .open_connections = open_connections_} {}

Worker::~Worker() {
  join();
}

void Worker::start() {
  thread_ = std::thread([this] {
    // Signals belong to the control thread.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), fmt::format("worker/{}", index_).c_str());
    const AskingTogether together(
        [this](AskingTogether::Send send) { reactor_.post(std::move(send)); });
    reactor_.run();
    finish();
  });
}

std::chrono::nanoseconds Worker::cpu_time() {
  clockid_t clock{};
  timespec used{};
  if (!thread_.joinable() || ::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 ||
      ::clock_gettime(clock, &used) != 0)
    return {};
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::apply(Generation generation) {
  reactor_.post([this, generation = std::move(generation)] { use(generation); });
}

void Worker::set_tls(std::string listener, std::shared_ptr<const ListenerTls> tls) {
  reactor_.post([this, listener = std::move(listener), tls = std::move(tls)]() mutable {
    tls_[listener] = std::move(tls);
  });
}

void Worker::set_challenges(std::shared_ptr<const certs::ChallengeAnswers> challenges) {
  reactor_.post([this, challenges = std::move(challenges)] {
    context_.challenges = challenges->is_empty() ? nullptr : challenges;
    challenge_revision_.store(challenges->revision(), std::memory_order_release);
  });
}

void Worker::note_store(std::uint64_t revision) {
  reactor_.post([this, revision] {
    context_.store_revision = revision;
    store_revision_.store(revision, std::memory_order_release);
  });
}

void Worker::set_server_tls(std::shared_ptr<Server> server,
                            std::shared_ptr<const UpstreamContext> context) {
  reactor_.post([this, server = std::move(server), context = std::move(context)] {
    const auto found = servers_.find(server.get());
    if (found != servers_.end()) found->second->use_tls(context);
  });
}

void Worker::listen(Acceptor::Address address) {
  reactor_.post([this, address = std::make_shared<Acceptor::Address>(std::move(address))] {
    auto acceptor = std::make_unique<Acceptor>(
        context_, std::move(*address),
        [this](const std::string& listener) { return tls_of(listener); });
    acceptor->start();
    acceptors_.push_back(std::move(acceptor));
  });
}

std::shared_ptr<const ListenerTls> Worker::tls_of(const std::string& listener) const {
  const auto found = tls_.find(listener);
  return found == tls_.end() ? nullptr : found->second;
}

void Worker::close_address(std::string key, base::Duration grace) {
  closing_.fetch_add(1, std::memory_order_release);
  reactor_.post([this, key = std::move(key), grace] {
    for (const auto& acceptor : acceptors_) {
      if (!acceptor->serves(key)) continue;
      acceptor->stop_new(reactor_.refresh_now() + grace);
      closing_.fetch_add(1, std::memory_order_release);
    }
    closing_.fetch_sub(1, std::memory_order_release);
    close_acceptors_in(grace);
  });
}

void Worker::hand_over_addresses(base::Duration grace) {
  closing_.fetch_add(1, std::memory_order_release);
  reactor_.post([this, grace] {
    const base::MonoTime close_at = reactor_.refresh_now() + grace;
    std::erase_if(acceptors_, [&](const std::unique_ptr<Acceptor>& acceptor) {
      if (acceptor->close_at() != kNever) return false;  // it closes, whoever goes on
      if (!acceptor->is_given_up()) {
        acceptor->hand_over();
        return true;
      }
      acceptor->stop_new(close_at);
      closing_.fetch_add(1, std::memory_order_release);
      return false;
    });
    closing_.fetch_sub(1, std::memory_order_release);
    close_acceptors_in(grace);
  });
}

void Worker::close_acceptors_in(base::Duration time) {
  auto timer = std::make_shared<boost::asio::steady_timer>(reactor_.io());
  timer->expires_after(time);
  timer->async_wait(
      [this, timer](const boost::system::error_code&) { close_acceptors(reactor_.refresh_now()); });
}

// No new handshake has been answered since the grace time began; so once none is under way, what
// queues is all there will ever be.
void Worker::close_acceptors(base::MonoTime now) {
  constexpr base::Duration kLookAgain = std::chrono::milliseconds(50);
  const auto is_due = [now](const auto& acceptor) { return acceptor->close_at() <= now; };
  if (std::ranges::none_of(acceptors_, is_due)) return;
  const std::set<std::uint16_t> half_open = half_open_ports();
  const std::size_t closed =
      std::erase_if(acceptors_, [&](const std::unique_ptr<Acceptor>& acceptor) {
        if (!is_due(acceptor)) return false;
        const bool waits =
            acceptor->has_handshakes(half_open) && now < acceptor->close_at() + kHandshakesMax;
        if (!waits) acceptor->close();
        return !waits;
      });
  closing_.fetch_sub(closed, std::memory_order_release);
  if (std::ranges::any_of(acceptors_, is_due)) close_acceptors_in(kLookAgain);
}

template <typename Predicate>
void Worker::drain_if(const Predicate& is_meant) {
  // Draining one may end it, which takes it off the list.
  for (auto place = context_.connections.begin(); place != context_.connections.end();) {
    Connection& connection = **place++;
    if (is_meant(connection)) connection.drain();
  }
}

void Worker::drain(std::string listener) {
  reactor_.post([this, listener = std::move(listener)] {
    drain_if([&](const Connection& connection) {
      return listener.empty() || connection.listener_name() == listener;
    });
  });
}

void Worker::beat() {
  reactor_.post([this] { beats_.fetch_add(1, std::memory_order_relaxed); });
}

void Worker::close_idle() {
  reactor_.post([this] {
    constexpr std::size_t kLeast = 8;
    std::vector<Connection*> idle;
    for (Connection* connection : context_.connections) {
      if (connection->is_idle()) idle.push_back(connection);
    }
    idle.resize(std::min(idle.size(), std::max(kLeast, idle.size() / 8)));
    for (Connection* connection : idle)
      connection->drain();
  });
}

void Worker::cut_clients(std::shared_ptr<const std::vector<std::uint64_t>> clients) {
  reactor_.post([this, clients = std::move(clients)] {
    // Cutting wakes its coroutine in a later turn: the list stays as it is.
    for (Connection* connection : context_.connections) {
      const std::uint64_t client = pack_client(client_prefix(connection->client()));
      if (std::ranges::binary_search(*clients, client)) connection->cut();
    }
  });
}

void Worker::stop() {
  reactor_.post([this] {
    close_acceptors(kNever);
    for (Connection* connection : context_.connections)
      connection->stop();
    reactor_.stop();
  });
}

// The reactor has stopped. Every wait is over now: requests answer that the gateway is draining,
// and who does not end by that is cut off, within bounds.
void Worker::finish() {
  context_.stopping = true;
  const base::MonoTime deadline = reactor_.refresh_now() + 2s;
  base::MonoTime all_due = deadline + kBeyondAllDeadlines;
  for (int round = 0; tasks_.running() != 0 && reactor_.refresh_now() < deadline; ++round) {
    all_due = all_due + 2 * base::TimerWheel::kTick;
    reactor_.timers().advance(all_due);
    reactor_.io().restart();  // it stops whenever all wait for a timer alone
    reactor_.io().run_for(20ms);
    if (round < kRoundsToAnswer) continue;
    for (Connection* connection : context_.connections)
      connection->stop();
  }
  context_.current.reset();
  context_.left.clear();
  servers_.clear();
}

void Worker::use(const Generation& generation) {
  const std::shared_ptr<const Snapshot>& snapshot = generation.snapshot;
  auto next = std::make_shared<WorkerSnapshot>();
  next->snapshot = snapshot;
  const bool same_listeners =
      context_.current != nullptr && context_.current->snapshot->table == snapshot->table;
  next->pools.reserve(snapshot->pools.size());
  for (std::size_t i = 0; i < snapshot->pools.size(); ++i) {
    // The same listeners come with the same pools, but for their servers.
    const PoolRuntime& pool = snapshot->pools[i];
    next->pools.push_back(same_listeners
                              ? renew_pool(pool, snapshot->generation, context_.current->pools[i])
                              : make_pool(pool, snapshot->generation));
  }
  keep_mirror_counts(*next);
  if (same_listeners) {
    next->turns = context_.current->turns;
  } else {
    use_listeners(generation, *next);
  }
  if (context_.current != nullptr) drop_left_servers(*context_.current, *next);
  context_.current = std::move(next);
  for (const auto& [key, listener] : generation.moved) {
    for (const auto& acceptor : acceptors_) {
      if (acceptor->serves(key)) acceptor->assign(listener);
    }
  }
  for (Connection* connection : context_.connections)
    connection->adopt_current();
  generation_.store(snapshot->generation, std::memory_order_release);
}

void Worker::use_listeners(const Generation& generation, WorkerSnapshot& next) {
  const Snapshot& snapshot = *generation.snapshot;
  add_turns(snapshot, next);
  keep_left_listeners(snapshot);
  for (const ListenerRuntime& listener : snapshot.listeners) {
    const std::string& name = listener.config->name;
    const auto tls = generation.tls.find(name);
    if (tls != generation.tls.end()) {
      tls_[name] = tls->second;
    } else {
      tls_.erase(name);
    }
  }
}

// Of servers that left: their idle connections close; those in use end with their requests. Only
// pools that are not shared by the two can have lost one.
void Worker::drop_left_servers(const WorkerSnapshot& before, const WorkerSnapshot& next) {
  const auto is_shared = [&](std::size_t i) {
    return i < before.pools.size() && i < next.pools.size() && before.pools[i] == next.pools[i];
  };
  std::unordered_set<const UpstreamServer*> members;
  for (std::size_t i = 0; i < next.pools.size(); ++i) {
    if (is_shared(i)) continue;
    for (const auto& server : next.pools[i]->servers)
      members.insert(server.get());
  }
  for (std::size_t i = 0; i < before.pools.size(); ++i) {
    if (is_shared(i)) continue;
    for (const auto& server : before.pools[i]->servers) {
      if (members.contains(server.get())) continue;
      server->retire();
      servers_.erase(server->shared_server().get());
    }
  }
}

// Copies that are still under way count for the pool of the same name.
void Worker::keep_mirror_counts(WorkerSnapshot& next) const {
  if (context_.current == nullptr) return;
  std::unordered_map<std::string_view, const WorkerPool*> known;
  for (const auto& pool : context_.current->pools)
    known.emplace(pool->pool->config().name, pool.get());
  for (const auto& pool : next.pools) {
    const auto before = known.find(pool->pool->config().name);
    if (before != known.end()) pool->mirrors = before->second->mirrors;
  }
}

// In the order build_snapshot() numbers them in.
void Worker::add_turns(const Snapshot& snapshot, WorkerSnapshot& next) const {
  const auto start = static_cast<std::uint32_t>(index_ + snapshot.generation);
  for (const ListenerRuntime& listener : snapshot.listeners) {
    for (const RouteRuntime& route : listener.routes) {
      if (route.split.empty()) continue;
      std::vector<std::uint32_t> weights;
      weights.reserve(route.config->split.size());
      for (const SplitPart& part : route.config->split)
        weights.push_back(part.weight);
      next.turns.push_back(std::make_shared<WeightedTurn>(weights, start));
    }
  }
}

// Until the last of what queued at its addresses is accepted, connections of a listener that left
// are served as it was, one more response each; then those that wait for nothing end.
void Worker::keep_left_listeners(const Snapshot& next) {
  if (context_.current == nullptr) return;
  bool any_left = false;
  for (const ListenerRuntime& listener : context_.current->snapshot->listeners) {
    if (next.find_listener(listener.config->name) != nullptr) continue;
    context_.left[listener.config->name] = context_.current;
    any_left = true;
  }
  if (!any_left) return;
  auto timer = std::make_shared<boost::asio::steady_timer>(reactor_.io());
  timer->expires_after(kLeftListenersKept);
  timer->async_wait([this, timer, until = next.generation](const boost::system::error_code&) {
    std::erase_if(context_.left,
                  [&](const auto& entry) { return entry.second->snapshot->generation < until; });
    std::erase_if(tls_, [&](const auto& entry) {
      return context_.current->snapshot->find_listener(entry.first) == nullptr &&
             !context_.left.contains(entry.first);
    });
    drain_if([this](const Connection& connection) {
      return context_.current->snapshot->find_listener(connection.listener_name()) == nullptr;
    });
  });
}

// A pool whose servers are the same is the same one: its turn, its budget.
std::shared_ptr<WorkerPool> Worker::renew_pool(const PoolRuntime& runtime, std::uint64_t generation,
                                               const std::shared_ptr<WorkerPool>& before) {
  if (before->pool == runtime.pool) return before;
  std::shared_ptr<WorkerPool> renewed = make_pool(runtime, generation);
  renewed->retry_budget = before->retry_budget;
  renewed->hedge_budget = before->hedge_budget;
  renewed->probe_turn = before->probe_turn;
  return renewed;
}

std::shared_ptr<WorkerPool> Worker::make_pool(const PoolRuntime& runtime,
                                              std::uint64_t generation) {
  const PoolConfig& config = runtime.pool->config();
  const auto start = static_cast<std::uint32_t>(index_ + generation);
  const Balancer::Options options{.rules = runtime.pool->rules(),
                                  .ring = runtime.pool->ring(),
                                  .load_max_percent = config.hash.load_max_percent};
  auto pool =
      std::make_shared<WorkerPool>(WorkerPool{.pool = runtime.pool,
                                              .servers = {},
                                              .balancer = Balancer(config.balance, start, options),
                                              .metrics = runtime.metrics,
                                              .retry_budget = RetryBudget(config.retry_budget)});
  pool->reads_requests = config.balance == Balance::hash || config.sticky;
  for (std::size_t i = 0; i < runtime.pool->servers().size(); ++i) {
    const std::shared_ptr<Server>& shared = runtime.pool->servers()[i];
    auto& known = servers_[shared.get()];
    if (known == nullptr) {
      known = std::make_shared<UpstreamServer>(shared, index_,
                                               metrics_.server(config.name, shared->name()),
                                               context_.cells, reactor_, buffers_);
    }
    known->configure(config);
    known->use_tls(runtime.tls[i]);
    pool->servers.push_back(known);
  }
  return pool;
}

}  // namespace ravelin::gateway
