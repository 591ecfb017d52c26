#include "gateway/runtime/gateway.h"

#include "base/io/log.h"
#include "base/text.h"
#include "gateway/config/check_files.h"
#include "gateway/discovery/dns_source.h"
#include "gateway/runtime/staples.h"
#include "gateway/tls/remote/remote_key_source.h"
#include "gateway/tls/remote/remote_store_keys.h"

#include <sched.h>

#include <algorithm>

namespace ravelin::gateway {

using base::Errc;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration kCloseGrace = ListeningSockets::kCloseGrace;
constexpr auto kTick = 250ms;
constexpr auto kTickUntilReady = 10ms;
constexpr base::Duration kStapleLook = 1s;

// CPUs this process may use; a container's or taskset's limit counts, unlike hardware_concurrency.
unsigned cpus_in_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

}  // namespace

Gateway::Gateway(Options options)
    : options_(std::move(options)),
      keys_(make_key_source(options_.remote_keys, tokens_)),
      started_(base::wall_now()),
      bans_(options_.bans, [this] { control_.post([this] { cut_banned(); }); }),
      cut_alarm_(control_, [this] { cut_banned(); }),
      members_([this](const std::string& pool) { members_changed(pool); },
               [this](const PoolConfig& pool, Discovery::Found found) {
                 return std::make_unique<DnsSource>(control_, *dns_, *pool.discover,
                                                    std::move(found));
               }),
      renew_alarm_(control_, [this] { renew_pools(); }),
      sockets_(workers_, options_.sockets != nullptr ? *options_.sockets : own_sockets_),
      store_(remote_store_keys(options_.remote_keys)),
      // Where keys are elsewhere, so is whoever may write to the store.
      store_tickets_(options_.remote_keys == nullptr ? StoreTickets::Rotation::here
                                                     : StoreTickets::Rotation::elsewhere) {}

Gateway::~Gateway() {
  for (const auto& worker : workers_)
    worker->stop();
  for (const auto& worker : workers_)
    worker->join();
}

Result<std::unique_ptr<Gateway>> Gateway::open(const Config& config, Options options) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(options)));
  if (auto done = gateway->prepare(config); !done) return done.error();
  return gateway;
}

Result<void> Gateway::prepare(const Config& config) {
  started_with_ = restart_only_of(config);
  const std::size_t count =
      config.workers == 0 ? cpus_in_affinity() : static_cast<std::size_t>(config.workers);
  metrics_ = std::make_unique<GatewayMetrics>(count, options_.version);
  auto log = AccessLog::open(config.log.access, count, {.opener = options_.log_opener});
  if (!log) return base::wrap(log.error(), "access log");
  access_log_ = std::move(*log);
  password_checks_ = std::make_unique<PasswordChecks>();
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(
        Worker::Parts{i, *metrics_, *access_log_, load_, *this, *password_checks_, bans_}));
  }
  dns_ = std::make_unique<DnsClient>(control_, config.dns,
                                     DnsClient::Options{.counted = [this](std::string_view result) {
                                       metrics_->dns_query_done(result);
                                     }});
  health_ = std::make_unique<HealthMonitor>(control_, *metrics_, *dns_);
  if (options_.bans != nullptr)
    health_->on_quarantine([this](std::vector<base::IpEndpoint> servers) {
      if (!shutting_down_) options_.bans->quarantine(std::move(servers));
    });
  orders_ = std::make_unique<ServerOrders>(
      ServerOrders::Parts{members_, *health_, *keys_, [this] { return snapshot_; },
                          [this](const std::string& pool) { members_changed(pool); }});
  members_.open_overrides(config);
  auto next = make_next(config);
  if (!next) return next.error();
  last_reload_.at = base::wall_now();
  adopt(std::move(*next));
  return {};
}

GenerationParts Gateway::generation_parts(
    std::function<PoolConfig(const PoolConfig&)> with_members) {
  return {.generation = snapshot_ == nullptr ? 1 : snapshot_->generation + 1,
          .known = servers_,
          .previous = snapshot_.get(),
          .metrics = *metrics_,
          .keys = *keys_,
          .orders = members_.orders(),
          .running = materials_,
          .with_members = std::move(with_members)};
}

Result<BuiltSnapshot> Gateway::build(const Config& config, const Discovery::Next& found,
                                     const ClientCrls::Next& crls) {
  GenerationParts parts = generation_parts(
      [this, &found](const PoolConfig& pool) { return members_.with_members(pool, found); });
  parts.crls_of = [&crls](const std::string& listener) {
    return ClientCrls::held_of(crls, listener);
  };
  return build_snapshot(config, parts);
}

Result<std::map<std::string, TicketRing>> Gateway::make_rings(const Snapshot& next) const {
  std::map<std::string, TicketRing> rings;
  for (const ListenerRuntime& listener : next.listeners) {
    const ListenerConfig& config = *listener.config;
    if (!config.tls) continue;
    const TicketRingOptions options{config.tls->tickets.rotate, config.tls->tickets.keep};
    const auto known = tickets_.find(config.name);
    if (known != tickets_.end() && known->second.options() == options) {
      rings.emplace(config.name, known->second);
      continue;
    }
    auto ring = TicketRing::create(options, base::mono_now());
    if (!ring) return ring.error();
    rings.emplace(config.name, std::move(*ring));
  }
  return rings;
}

Result<Gateway::Next> Gateway::make_next(const Config& config) {
  auto found = members_.discovery().prepare(config.pools, base::mono_now());
  if (!found) return found.error();
  auto crls = client_crls_.prepare(config);
  if (!crls) return crls.error();
  auto built = build(config, *found, *crls);
  if (!built) return built.error();
  auto rings = make_rings(*built->snapshot);
  if (!rings) return rings.error();
  auto sockets = sockets_.prepare(config.listeners);
  if (!sockets) return sockets.error();
  auto store = store_.prepare(config);
  if (!store) return store.error();
  return Next{std::move(*built),   std::move(*found), std::move(*rings),
              std::move(*sockets), std::move(*store), std::move(*crls)};
}

void Gateway::adopt(Next next) {
  for (ListenerRuntime& listener : next.built.listeners->all)
    listener.first_port = sockets_.first_port(*listener.config, next.sockets);
  const std::shared_ptr<const Snapshot> before = snapshot_;
  snapshot_ = next.built.snapshot;
  servers_ = std::move(next.built.servers);
  const auto materials_before = std::exchange(materials_, std::move(next.built.tls));
  tickets_ = std::move(next.rings);
  store_.adopt(*snapshot_->config, std::move(next.store), control_.io(), [this] { tick_store(); });
  store_tickets_.use(*snapshot_->config);
  store_tickets_.tick(base::mono_now(), base::wall_now());
  newer_contexts_.clear();
  stale_pools_.clear();
  for (const PoolRuntime& pool : snapshot_->pools)
    apply_settings(pool);
  Worker::Generation generation{.snapshot = snapshot_};
  for (const auto& [name, ignored] : materials_)
    generation.tls.emplace(name, tls_of(name));
  health_->use(snapshot_->pools);  // first: a server without an address is not to be used
  sockets_.adopt(std::move(next.sockets), std::move(generation));
  set_challenges();
  note_store();
  if (before != nullptr) {
    drain_changed(*before, materials_before);
    dns_->use(snapshot_->config->dns);
  }
  watch_certificates();
  client_crls_.adopt(std::move(next.crls));
  members_.discovery().adopt(std::move(next.found));
  members_.in_use(before.get(), *snapshot_, next.built.findings);
}

// Where a listener has another TLS policy now, or TLS only now or no more, nobody keeps talking
// under the one before.
void Gateway::drain_changed(const Snapshot& before,
                            const std::map<std::string, ListenerMaterials>& materials_before) {
  for (const ListenerRuntime& listener : before.listeners) {
    const std::string& name = listener.config->name;
    if (snapshot_->find_listener(name) == nullptr) continue;
    const auto then = materials_before.find(name);
    const auto now = materials_.find(name);
    const bool had_tls = then != materials_before.end();
    const bool has_tls = now != materials_.end();
    const bool is_same =
        had_tls && has_tls ? then->second.context == now->second.context : had_tls == has_tls;
    if (!is_same) drain_listener(name);
  }
}

std::shared_ptr<const ListenerTls> Gateway::tls_of(const std::string& listener) const {
  const ListenerMaterials& materials = materials_.at(listener);
  const bool is_shared = materials.from_store && store_tickets_.keys() != nullptr;
  return make_listener_tls(materials,
                           is_shared ? store_tickets_.keys() : tickets_.at(listener).keys(),
                           {store_.view(), store_.challenges(), store_.watch()});
}

void Gateway::publish_tls(const std::string& listener) {
  const auto tls = tls_of(listener);
  for (const auto& worker : workers_)
    worker->set_tls(listener, tls);
}

Result<void> Gateway::reload() {
  if (!options_.reload_config)
    return base::fail(Errc::unavailable, "there is no configuration file to read again");
  if (shutting_down_) return base::fail(Errc::unavailable, "the gateway is shutting down");
  tell(base::ServiceState::reloading);
  owes_ready_ = true;
  const auto attempt = [this]() -> Result<void> {
    auto config = options_.reload_config();
    if (!config) return config.error();
    auto next = make_next(*config);
    if (!next) return next.error();
    if (config->log.access != snapshot_->config->log.access) {
      if (auto moved = access_log_->set_path(config->log.access); !moved) return moved.error();
    }
    adopt(std::move(*next));
    return {};
  };
  Result<void> done = attempt();
  if (options_.reload_ended) options_.reload_ended(done.has_value());
  last_reload_.ok = done.has_value();
  last_reload_.error = done ? std::string() : base::to_string(done.error());
  metrics_->config_reloaded(done ? "ok" : "failed");
  if (!done) {
    base::log_error("gateway", "reload failed; the running configuration is unchanged",
                    {{"error", last_reload_.error}});
    return done;
  }
  last_reload_.at = base::wall_now();
  base::log_info("gateway", "configuration reloaded", {{"generation", snapshot_->generation}});
  if (const auto level = base::parse_log_level(snapshot_->config->log.level))
    base::set_log_level(*level);
  for (const std::string_view key : restart_only_changes(started_with_, *snapshot_->config)) {
    base::log_warn("gateway", "a changed setting is applied by a restart only", {{"key", key}});
  }
  for (const auto& then : reloaded_)
    then();
  return done;
}

void Gateway::watch_certificates() {
  std::vector<WatchedPair> pairs;
  watched_.clear();
  for (const auto& [listener, materials] : materials_) {
    for (std::size_t i = 0; i < materials.pairs.size(); ++i) {
      pairs.push_back(materials.pairs[i]);
      watched_.emplace_back(listener, i);
    }
  }
  watcher_ = std::make_unique<CertificateWatcher>(
      pairs, certs::LoadRules{.key_file = key_file_rules(*snapshot_->config)}, WatchTiming{},
      *keys_, base::mono_now());
  upstream_certificates_.watch(*snapshot_, base::mono_now());
}

void Gateway::tick_certificates() {
  const base::MonoTime now = base::mono_now();
  for (const auto& [server, context] : upstream_certificates_.tick(now, base::wall_now())) {
    for (const auto& worker : workers_)
      worker->set_server_tls(server, context);
    health_->use_tls(*server, context);
    newer_contexts_[server.get()] = context;
  }
  watcher_->on_readable(now);
  if (now < watcher_->next_tick()) return;
  const WatchOutcome outcome = watcher_->tick(now, base::wall_now());
  for (const PairChange& change : outcome.changed) {
    const auto& [listener, index] = watched_[change.index];
    WatchedPair& pair = materials_.at(listener).pairs[index];
    pair.served = change.pair;
    pair.stamps = change.stamps;
    base::log_info("tls", "certificate replaced",
                   {{"listener", listener},
                    {"file", pair.files.chain},
                    {"serial", change.pair->chain.info.serial},
                    {"not_after", certs::format_time(change.pair->chain.info.not_after)}});
    look_at_staples(materials_.at(listener), listener, base::wall_now());
    publish_tls(listener);
  }
  for (const PairFailure& failure : outcome.broken) {
    const auto& [listener, index] = watched_[failure.index];
    base::log_error("tls", "changed certificate refused; the one before is still served",
                    {{"listener", listener},
                     {"file", materials_.at(listener).pairs[index].files.chain},
                     {"reason", failure.reason}});
  }
  for (const std::size_t recovered : outcome.recovered) {
    const auto& [listener, index] = watched_[recovered];
    base::log_info(
        "tls", "certificate files are good again",
        {{"listener", listener}, {"file", materials_.at(listener).pairs[index].files.chain}});
  }
}

void Gateway::tick_store() {
  const StoreCertificates::News news = store_.tick(base::mono_now());
  const bool has_tickets = store_tickets_.tick(base::mono_now(), base::wall_now());
  if (news.challenges) set_challenges();
  if (!news.certificates && !news.challenges && !has_tickets) return;
  for (const auto& [listener, materials] : materials_)
    if (materials.from_store) publish_tls(listener);
  note_store();
  if (!swapped_) return;
  for (const StoreSwap& swap : news.swaps)
    swapped_(swap);
}

void Gateway::set_challenges() {
  if (store_.challenges() == nullptr) return;
  for (const auto& worker : workers_)
    worker->set_challenges(store_.challenges());
}

void Gateway::note_store() {
  const auto view = store_.view();
  if (view == nullptr) return;
  for (const auto& worker : workers_)
    worker->note_store(view->revision());
}

void Gateway::tick_staples() {
  const base::MonoTime now = base::mono_now();
  if (now < next_staple_look_) return;
  next_staple_look_ = now + kStapleLook;
  for (auto& [listener, materials] : materials_) {
    if (look_at_staples(materials, listener, base::wall_now())) publish_tls(listener);
  }
}

void Gateway::tick() {
  tick_timer_->expires_after(owes_ready_ ? kTickUntilReady : kTick);
  tick_timer_->async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
  tick_certificates();
  tick_store();
  tick_staples();
  tick_revoked();
  tick_crls();
  tokens_.prune();
  members_.discovery().tick(base::mono_now());
  for (auto& [listener, ring] : tickets_) {
    const auto rotated = ring.rotate(base::mono_now());
    if (!rotated) {
      base::log_error("tls", "session ticket keys were not rotated",
                      {{"listener", listener}, {"error", rotated.error().message}});
    } else if (*rotated) {
      publish_tls(listener);
    }
  }
  tell_ready();
  tell_alive();
  const OverloadConfig& overload = snapshot_->config->overload;
  overload_.tick(overload, base::mono_now(), *metrics_);
  tells_overload_ = tells_overload_ || overload.kernel.has_value();
  if (options_.bans != nullptr && tells_overload_ && !shutting_down_)
    options_.bans->overloaded(overload.kernel && overload_.actions() != OverloadActions());
  finish_shut_down();
}

void Gateway::tell(base::ServiceState state) {
  if (options_.state_changed) options_.state_changed(state);
}

void Gateway::tell_ready() {
  if (!owes_ready_ || shutting_down_) return;
  for (const auto& worker : workers_) {
    if (worker->generation() != snapshot_->generation) return;
  }
  owes_ready_ = false;
  tell(base::ServiceState::ready);
}

// A worker that hangs keeps the sign of life from being given.
void Gateway::tell_alive() {
  if (!options_.alive_every || base::mono_now() < next_alive_) return;
  for (const auto& worker : workers_) {
    if (worker->beats() < beats_asked_) return;
  }
  next_alive_ = base::mono_now() + *options_.alive_every;
  tell(base::ServiceState::alive);
  ++beats_asked_;
  for (const auto& worker : workers_)
    worker->beat();
}

void Gateway::run() {
  for (const auto& worker : workers_)
    worker->start();
  tick_timer_ = std::make_unique<boost::asio::steady_timer>(control_.io());
  tick();
  control_.run();
  tick_timer_.reset();
  for (const auto& worker : workers_)
    worker->stop();
  for (const auto& worker : workers_)
    worker->join();
}

void Gateway::shut_down() {
  if (shutting_down_) return;
  base::log_info("gateway", "shutting down: requests in flight may end",
                 {{"drain_timeout", base::format_duration(snapshot_->config->drain_timeout)}});
  begin_to_end();
  sockets_.close();
  drain_all();
}

void Gateway::hand_over() {
  if (shutting_down_) return;
  base::log_info("gateway", "another gateway goes on; requests in flight may end here",
                 {{"drain_timeout", base::format_duration(snapshot_->config->drain_timeout)}});
  begin_to_end();
  sockets_.hand_over();
  constexpr base::Duration kIdleMax = 10s;
  const base::Duration half = snapshot_->config->drain_timeout / 2;
  drain_at_ = base::mono_now() + std::min(kIdleMax, half);
}

void Gateway::begin_to_end() {
  shutting_down_ = true;
  if (options_.bans != nullptr) options_.bans->withdraw_orders();
  tell(base::ServiceState::stopping);
  closed_at_ = base::mono_now() + kCloseGrace + kCloseGrace / 2;
  drain_until_ = base::mono_now() + snapshot_->config->drain_timeout;
  load_.draining.store(true, std::memory_order_relaxed);
}

void Gateway::drain_all() {
  drain_at_ = {};
  for (const auto& worker : workers_)
    worker->drain({});
}

void Gateway::finish_shut_down() {
  if (!shutting_down_) return;
  const base::MonoTime now = base::mono_now();
  if (drain_at_ != base::MonoTime() && now >= drain_at_) drain_all();
  std::size_t open = 0;
  for (const auto& worker : workers_)
    open += worker->open_connections();
  const bool is_late = now >= drain_until_ + kCloseGrace;
  const bool closes = now < closed_at_ || std::ranges::any_of(workers_, [](const auto& worker) {
                        return worker->is_closing();
                      });
  if ((open != 0 || closes) && !is_late) return;
  if (open != 0)
    base::log_warn("gateway", "drain timeout: connections are cut", {{"connections", open}});
  stop();
}

void Gateway::stop() {
  control_.stop();
}

// Each time a worker looks at all of its connections: not more often than it can afford.
void Gateway::cut_banned() {
  constexpr base::Duration kPause = 100ms;
  const base::MonoTime now = control_.refresh_now();
  if (now < cut_at_ + kPause) {
    cut_alarm_.set(cut_at_ + kPause);
    return;
  }
  cut_at_ = now;
  const auto clients = std::make_shared<const std::vector<std::uint64_t>>(bans_.take_banned());
  if (clients->empty()) return;
  for (const auto& worker : workers_)
    worker->cut_clients(clients);
}

void Gateway::server_failed(std::shared_ptr<Server> server, Reason reason) {
  control_.post([this, server = std::move(server), reason] { health_->eject(server, reason); });
}

}  // namespace ravelin::gateway
