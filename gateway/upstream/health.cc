#include "gateway/upstream/health.h"

#include "gateway/upstream/health_server.h"
#include "gateway/upstream/known_names.h"
#include "gateway/upstream/load_watch.h"
#include "gateway/upstream/quarantine.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace ravelin::gateway {

using base::Errc;
using base::fail;
using base::MonoTime;
using base::NameEndpoint;
using base::Result;

namespace {

// The firewall keeps to what it was told for a minute at most, whatever happens to it and to us.
constexpr base::Duration kLiftMax = std::chrono::seconds(65);

}  // namespace

struct HealthMonitor::Impl {
  using Watched = std::unique_ptr<WatchedServer>;

  Impl(Reactor& control, GatewayMetrics& gateway_metrics, DnsClient& dns)
      : reactor(control),
        metrics(gateway_metrics),
        names(control, dns, [this](const NameEndpoint& name, const AddressList& found) {
          resolved(name, found);
        }) {}

  using Loads = std::unordered_map<std::string, std::unique_ptr<LoadWatch>>;

  // What was watched in the generation before.
  struct Before {
    std::vector<std::shared_ptr<Pool>> pools;
    std::unordered_set<std::string_view> pool_names;
    std::unordered_map<const Server*, Watched> servers;
    Loads loads;  // after the servers, which they use
  };

  void watch(const PoolRuntime& pool, Before& before);
  void watch_load(const PoolRuntime& pool, Before& before);
  void watch_names();
  void resolved(const NameEndpoint& name, const AddressList& found);
  Result<WatchedServer*> find(std::string_view pool, std::string_view server) const;
  void look_at_quarantine();

  std::function<void()> standing_changed = [this] { look_at_quarantine(); };
  std::function<void(std::vector<base::IpEndpoint>)> tell_quarantine;
  std::optional<std::vector<base::IpEndpoint>> quarantine;  // as told last
  std::unordered_set<const Server*> quarantined_servers;
  bool is_settled = false;  // every server of every pool is watched
  Reactor& reactor;
  GatewayMetrics& metrics;
  BufferPool buffers;
  base::LogRate void_checks{1};
  std::vector<Watched> servers;  // in the order of the configuration
  std::unordered_map<const Server*, WatchedServer*> by_server;
  std::vector<std::shared_ptr<Pool>> pools;
  Loads loads;  // by pool, of those that have one; use `servers`
  NameWatch names;
};

// The server's entry of the generation before, if it was in it, or a new one.
void HealthMonitor::Impl::watch(const PoolRuntime& pool, Before& before) {
  const bool is_pool_new = !before.pool_names.contains(pool.pool->config().name);
  for (std::size_t i = 0; i < pool.pool->servers().size(); ++i) {
    const std::shared_ptr<Server>& server = pool.pool->servers()[i];
    Watched& kept = before.servers[server.get()];
    const bool joins = kept == nullptr && !is_pool_new;
    if (kept == nullptr) {
      kept = std::make_unique<WatchedServer>(
          WatchedServer::Context{reactor, buffers, metrics.control_cells(), void_checks,
                                 standing_changed},
          server, metrics.server(server->pool(), server->name()));
    }
    by_server[server.get()] = kept.get();
    servers.push_back(std::move(kept));
    servers.back()->use(pool, i);
    if (joins) servers.back()->join();
  }
  watch_load(pool, before);
}

void HealthMonitor::Impl::watch_load(const PoolRuntime& pool, Before& before) {
  const PoolConfig& config = pool.pool->config();
  if (!LoadWatch::is_wanted(config)) return;
  const auto known = before.loads.find(config.name);
  if (known != before.loads.end() && known->second->pool() == pool.pool) {
    loads.emplace(config.name, std::move(known->second));
    return;
  }
  std::vector<WatchedServer*> members;
  for (const auto& server : pool.pool->servers())
    members.push_back(by_server[server.get()]);
  auto made = std::make_unique<LoadWatch>(reactor, pool.pool, std::move(members));
  if (known != before.loads.end()) made->take_over(*known->second);
  loads.emplace(config.name, std::move(made));
}

void HealthMonitor::Impl::watch_names() {
  std::set<NameEndpoint> wanted;
  for (const Watched& watched : servers) {
    if (const auto* name = std::get_if<NameEndpoint>(&watched->server()->endpoint()))
      wanted.insert(*name);
  }
  names.use(wanted);
  for (const Watched& watched : servers) {
    const auto* name = std::get_if<NameEndpoint>(&watched->server()->endpoint());
    if (name == nullptr || !watched->server()->addresses()->empty()) continue;
    const AddressList* known = names.addresses(*name);
    watched->set_addresses(known == nullptr ? AddressList() : *known);
  }
}

void HealthMonitor::Impl::resolved(const NameEndpoint& name, const AddressList& found) {
  for (const Watched& watched : servers) {
    const auto* own = std::get_if<NameEndpoint>(&watched->server()->endpoint());
    if (own != nullptr && *own == name) watched->set_addresses(found);
  }
}

Result<WatchedServer*> HealthMonitor::Impl::find(std::string_view pool,
                                                 std::string_view server) const {
  std::vector<std::string_view> names_of_pools;
  std::vector<std::string_view> members;
  bool has_pool = false;
  for (const auto& known : pools) {
    names_of_pools.push_back(known->config().name);
    if (names_of_pools.back() != pool) continue;
    has_pool = true;
    for (const auto& own : known->servers()) {
      if (own->name() == server) return by_server.at(own.get());
      members.push_back(own->name());
    }
  }
  if (has_pool)
    return fail(Errc::not_found, "server \"{}\" is not in pool \"{}\" (it has: {})", server, pool,
                known_names(members));
  return fail(Errc::not_found, "pool \"{}\" is not defined (defined: {})", pool,
              known_names(names_of_pools));
}

void HealthMonitor::Impl::look_at_quarantine() {
  if (!is_settled || !tell_quarantine) return;
  const bool any = std::ranges::any_of(
      pools, [](const auto& pool) { return !pool->config().quarantine.empty(); });
  if (!any && !quarantine) return;
  std::vector<ServerStanding> standings;
  std::unordered_set<const Server*> out;
  for (const auto& pool : pools) {
    for (const auto& server : pool->servers()) {
      const bool is_out =
          is_quarantined(pool->config(), by_server.at(server.get())->verdict().state);
      standings.push_back({is_out, server->addresses()});
      if (is_out) out.insert(server.get());
      // A gateway before this one may have asked for what is not asked for now.
      const bool was_out = !quarantine || quarantined_servers.contains(server.get());
      if (is_out || was_out)
        server->let_through_until(is_out ? MonoTime() : reactor.refresh_now() + kLiftMax);
    }
  }
  quarantined_servers = std::move(out);
  std::vector<base::IpEndpoint> now = quarantined(standings);
  if (now == quarantine) return;
  quarantine = now;
  tell_quarantine(std::move(now));
}

HealthMonitor::HealthMonitor(Reactor& control, GatewayMetrics& metrics, DnsClient& dns)
    : impl_(std::make_unique<Impl>(control, metrics, dns)) {}

HealthMonitor::~HealthMonitor() = default;

void HealthMonitor::on_quarantine(std::function<void(std::vector<base::IpEndpoint>)> tell) {
  impl_->tell_quarantine = std::move(tell);
  impl_->look_at_quarantine();
}

void HealthMonitor::use(const std::vector<PoolRuntime>& pools) {
  impl_->is_settled = false;
  Impl::Before before{std::move(impl_->pools), {}, {}, std::move(impl_->loads)};
  for (const auto& pool : before.pools)
    before.pool_names.insert(pool->config().name);
  for (Impl::Watched& watched : impl_->servers) {
    const Server* server = watched->server().get();
    before.servers.emplace(server, std::move(watched));
  }
  impl_->pools.clear();
  impl_->loads.clear();
  impl_->servers.clear();
  impl_->by_server.clear();
  for (const PoolRuntime& pool : pools) {
    impl_->pools.push_back(pool.pool);
    impl_->watch(pool, before);
  }
  impl_->watch_names();
  impl_->is_settled = true;
  impl_->look_at_quarantine();
  const std::set<std::shared_ptr<Pool>> stayed(before.pools.begin(), before.pools.end());
  for (const PoolRuntime& pool : pools) {
    if (!stayed.contains(pool.pool)) pool.pool->servers_changed();  // it may begin in panic
  }
}

void HealthMonitor::use_tls(const Server& server, std::shared_ptr<const UpstreamContext> context) {
  const auto found = impl_->by_server.find(&server);
  if (found != impl_->by_server.end()) found->second->use_tls(std::move(context));
}

void HealthMonitor::eject(const std::shared_ptr<Server>& server, Reason reason) {
  const auto found = impl_->by_server.find(server.get());
  if (found != impl_->by_server.end()) found->second->eject(reason);
}

Result<std::shared_ptr<Server>> HealthMonitor::find(std::string_view pool,
                                                    std::string_view server) const {
  auto found = impl_->find(pool, server);
  if (!found) return found.error();
  return (*found)->server();
}

Result<void> HealthMonitor::set_admin_state(std::string_view pool, std::string_view server,
                                            AdminState state) {
  auto found = impl_->find(pool, server);
  if (!found) return found.error();
  (*found)->set_admin(state);
  return {};
}

Result<void> HealthMonitor::set_weight(std::string_view pool, std::string_view server,
                                       std::optional<std::uint32_t> weight) {
  auto found = impl_->find(pool, server);
  if (!found) return found.error();
  if (weight && *weight > kServerWeightMax)
    return fail(Errc::invalid, "weight {} is out of range (0 to {})", *weight, kServerWeightMax);
  (*found)->set_weight(weight);
  return {};
}

std::vector<ServerStatus> HealthMonitor::status() const {
  std::vector<ServerStatus> all;
  all.reserve(impl_->servers.size());
  for (const auto& watched : impl_->servers) {
    Server& server = *watched->server();
    const Verdict verdict = watched->verdict();
    const Server::Control& control = server.control();
    all.push_back({server.pool(), server.name(), base::to_string(server.endpoint()),
                   std::string(verdict.state), verdict.reason, control.weight.base,
                   control.configured_weight, server.weight(), control.weight,
                   server.signal_totals(), server.in_flight(), control.backup, control.priority,
                   control.zone, control.source, control.changed});
  }
  return all;
}

}  // namespace ravelin::gateway
