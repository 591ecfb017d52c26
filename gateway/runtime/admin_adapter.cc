#include "gateway/runtime/admin_adapter.h"

#include "base/io/log.h"
#include "gateway/config/words.h"
#include "gateway/limit/client_prefix.h"
#include "gateway/runtime/crl_status.h"
#include "gateway/runtime/key_status.h"
#include "gateway/runtime/process_status.h"
#include "gateway/runtime/store_status.h"
#include "gateway/runtime/token_status.h"

#include <unistd.h>

#include <algorithm>
#include <map>

namespace ravelin::gateway {
namespace {

using base::Result;

std::vector<std::string> names_of(const certs::CertificateInfo& info) {
  std::vector<std::string> names = info.dns_names;
  for (const base::IpAddress& address : info.ip_names)
    names.push_back(base::to_string(address));
  if (names.empty()) names.push_back(info.subject);
  return names;
}

std::vector<CertificateStatus> certificates_of(const Gateway& gateway) {
  std::vector<CertificateStatus> all;
  for (const auto& [listener, materials] : gateway.materials()) {
    for (const WatchedPair& pair : materials.pairs) {
      const certs::CertificateInfo& info = pair.served->chain.info;
      all.push_back({listener, names_of(info), pair.files.chain, info.serial, info.not_after});
    }
  }
  return all;
}

std::vector<ListenerStatus> listeners_of(const Gateway& gateway) {
  const std::shared_ptr<const Snapshot> snapshot = gateway.snapshot();
  const auto bound = gateway.bound();
  std::vector<ListenerStatus> all;
  for (const ListenerRuntime& listener : snapshot->listeners) {
    ListenerStatus status{listener.config->name, {}, listener.config->tls.has_value()};
    for (const auto& [name, address] : bound) {
      if (name == status.name) status.addresses.push_back(address);
    }
    all.push_back(std::move(status));
  }
  return all;
}

// A name has several certificates (EC and RSA, two listeners): the one that ends first counts.
void collect_certificates(const Gateway& gateway, MetricSamples& samples) {
  std::map<std::string, base::WallTime> ends;
  for (const CertificateStatus& certificate : certificates_of(gateway)) {
    for (const std::string& name : certificate.names) {
      const auto [place, is_new] = ends.emplace(name, certificate.not_after);
      if (!is_new) place->second = std::min(place->second, certificate.not_after);
    }
  }
  for (const auto& [name, end] : ends)
    samples.set(index(Metric::certificate_expiry), {name}, base::unix_time(end));
}

void collect_weight(const ServerStatus& server, MetricSamples& samples) {
  samples.set(index(Metric::server_weight), {server.pool, server.server},
              static_cast<double>(server.effective_weight) / kWeightUnit);
  const std::pair<std::string_view, double> factors[] = {
      {"load", server.weight_parts.load},
      {"reported", server.weight_parts.reported},
      {"slow_start", server.weight_parts.warmth}};
  for (const auto& [cause, factor] : factors)
    samples.set(index(Metric::server_weight_factor), {server.pool, server.server, cause}, factor);
}

// Of names with a staple file; as above the one that ends first counts.
void collect_staples(const Gateway& gateway, MetricSamples& samples) {
  std::map<std::string, double> ends;
  for (const auto& [listener, materials] : gateway.materials()) {
    for (std::size_t i = 0; i < materials.staples.size(); ++i) {
      if (!materials.staples[i]) continue;
      const certs::StaplePtr& staple = materials.staples[i]->staple();
      const double end = staple == nullptr ? 0 : base::unix_time(staple->next_update);
      for (const std::string& name : materials.pairs[i].served->chain.info.dns_names) {
        const auto [place, is_new] = ends.emplace(name, end);
        if (!is_new) place->second = std::min(place->second, end);
      }
    }
  }
  for (const auto& [name, end] : ends)
    samples.set(index(Metric::staple_expiry), {name}, end);
}

// Also 0 where servers of that kind may come in.
void collect_members(const Snapshot& snapshot, MetricSamples& samples) {
  constexpr ServerSource kAll[] = {ServerSource::config, ServerSource::file, ServerSource::dns,
                                   ServerSource::admin};
  for (const PoolRuntime& runtime : snapshot.pools) {
    const PoolConfig& config = runtime.pool->config();
    std::map<ServerSource, std::size_t> counts{{ServerSource::config, 0}};
    if (config.discover && config.discover->file) counts[ServerSource::file] = 0;
    if (config.discover && config.discover->dns) counts[ServerSource::dns] = 0;
    for (const ServerConfig& server : config.servers)
      ++counts[server.source];
    for (const ServerSource source : kAll) {
      if (counts.contains(source))
        samples.set(index(Metric::pool_servers), {config.name, to_string(source)},
                    static_cast<double>(counts[source]));
    }
  }
}

void collect_servers(Gateway& gateway, MetricSamples& samples) {
  const std::shared_ptr<const Snapshot> snapshot = gateway.snapshot();
  collect_members(*snapshot, samples);
  for (const PoolRuntime& runtime : snapshot->pools) {
    if (runtime.pool->config().panic_percent == 0) continue;
    samples.set(index(Metric::pool_panic), {runtime.pool->config().name},
                runtime.pool->panics() ? 1 : 0);
  }
  for (const PoolRuntime& pool : snapshot->pools) {
    if (pool.pool->config().circuit)
      samples.set(index(Metric::pool_circuit), {pool.pool->config().name},
                  static_cast<double>(pool.pool->circuit()));
  }
  for (const ServerStatus& server : gateway.health().status()) {
    const bool drains = server.state == "drain";
    samples.set(index(Metric::server_up), {server.pool, server.server},
                server.state == "up" ? 1 : 0);
    collect_weight(server, samples);
    const auto answer_seconds = static_cast<double>(server.signals.latency_us) / 1e6;
    samples.set(index(Metric::server_answer_seconds_total), {server.pool, server.server},
                answer_seconds);
    samples.set(index(Metric::server_answers_total), {server.pool, server.server},
                static_cast<double>(server.signals.answered));
    samples.set(index(Metric::server_draining), {server.pool, server.server}, drains ? 1 : 0);
    samples.set(index(Metric::server_last_change), {server.pool, server.server},
                base::unix_time(server.changed));
  }
}

OverloadStatus overload_of(const Gateway& gateway) {
  OverloadStatus status;
  for (const OverloadAction action :
       {OverloadAction::stop_keep_alive, OverloadAction::refuse_connections,
        OverloadAction::shed_requests}) {
    if (gateway.overload().actions().has(action)) status.actions.emplace_back(to_string(action));
  }
  for (const OverloadResource resource : {OverloadResource::memory, OverloadResource::descriptors,
                                          OverloadResource::lag, OverloadResource::requests}) {
    status.percent.emplace_back(to_string(resource), gateway.overload().pressure()[resource]);
  }
  return status;
}

LimitStatus limits_of(const Snapshot& snapshot) {
  const base::MonoTime now = base::mono_now();
  LimitStatus status;
  if (const auto& rates = snapshot.limits.rates) {
    status.rate_entries = rates->estimate_in_use(now);
    status.rate_entries_max = rates->entries();
  }
  if (snapshot.abuse != nullptr) {
    const AbuseTable::Counts counts = snapshot.abuse->counts(now);
    status.abuse_watched = counts.clients;
    status.abuse_banned = counts.banned;
  }
  return status;
}

void collect_limits(Gateway& gateway, MetricSamples& samples) {
  const std::shared_ptr<const Snapshot> snapshot = gateway.snapshot();
  const LimitStatus status = limits_of(*snapshot);
  if (const auto& rates = snapshot->limits.rates) {
    samples.set(index(Metric::limit_entries), {}, static_cast<double>(status.rate_entries));
    samples.set(index(Metric::limit_evictions_total), {}, static_cast<double>(rates->evicted()));
  }
  if (snapshot->abuse != nullptr) {
    samples.set(index(Metric::abuse_clients), {"watched"},
                static_cast<double>(status.abuse_watched));
    samples.set(index(Metric::abuse_clients), {"banned"}, static_cast<double>(status.abuse_banned));
  }
}

void collect_bans(Gateway& gateway, MetricSamples& samples) {
  const messages::BanChannel* channel = gateway.bans().channel();
  if (channel == nullptr) return;
  const messages::BanChannelStatus status = channel->status();
  const auto count = [](std::uint64_t value) { return static_cast<double>(value); };
  samples.set(index(Metric::kernel_bans_total), {"made"}, count(status.made));
  samples.set(index(Metric::kernel_bans_total), {"refused"}, count(status.refused));
  samples.set(index(Metric::kernel_bans_total), {"failed"}, count(status.failed));
  samples.set(index(Metric::kernel_bans_total), {"dropped"}, count(status.dropped));
  samples.set(index(Metric::kernel_bans_total), {"merged"}, count(status.merged));
  samples.set(index(Metric::kernel_bans_waiting), {}, count(status.waiting));
  samples.set(index(Metric::kernel_ban_seconds_total), {},
              std::chrono::duration<double>(status.made_time).count());
  samples.set(index(Metric::ban_agent_connected), {}, status.is_connected ? 1 : 0);
  samples.set(index(Metric::quarantined_servers), {}, count(status.quarantined));
  samples.set(index(Metric::kernel_tightened), {}, status.is_tightened ? 1 : 0);
}

void collect_overload(Gateway& gateway, MetricSamples& samples) {
  const OverloadWatch& overload = gateway.overload();
  for (const OverloadAction action :
       {OverloadAction::stop_keep_alive, OverloadAction::refuse_connections,
        OverloadAction::shed_requests}) {
    samples.set(index(Metric::overload_active), {to_string(action)},
                overload.actions().has(action) ? 1 : 0);
  }
  for (const OverloadResource resource : {OverloadResource::memory, OverloadResource::descriptors,
                                          OverloadResource::lag, OverloadResource::requests}) {
    samples.set(index(Metric::overload_pressure), {to_string(resource)},
                overload.pressure()[resource] / 100.0);
  }
}

void collect_workers(Gateway& gateway, MetricSamples& samples) {
  for (std::size_t i = 0; i < gateway.workers().size(); ++i) {
    const std::chrono::duration<double> busy = gateway.workers()[i]->cpu_time();
    samples.set(index(Metric::worker_busy_total), {std::to_string(i)}, busy.count());
  }
}

}  // namespace

Readiness AdminAdapter::readiness() const {
  if (gateway_.load().draining.load(std::memory_order_relaxed))
    return {false, "draining: the gateway is shutting down"};
  const bool is_starting = std::ranges::any_of(
      gateway_.workers(), [](const auto& worker) { return worker->generation() == 0; });
  if (is_starting) return {false, "starting: not every worker serves yet"};
  return {true, ""};
}

// What is ordered or found holds at once, also while the generation that has it is a moment away.
std::vector<ServerStatus> AdminAdapter::servers_of(const PoolConfig& pool,
                                                   std::vector<ServerStatus> known) const {
  if (!gateway_.is_stale(pool.name)) return known;
  std::vector<ServerStatus> all;
  for (const ServerConfig& server : gateway_.members().members_of(pool).servers) {
    const auto found = std::ranges::find(known, server.name, &ServerStatus::server);
    if (found != known.end()) {
      all.push_back(std::move(*found));
      continue;
    }
    ServerStatus joining{.pool = pool.name,
                         .server = server.name,
                         .address = base::to_string(server.address),
                         .state = "joining",
                         .reason = "it is just coming in"};
    joining.weight = joining.configured_weight = static_cast<std::uint32_t>(server.weight);
    joining.is_backup = server.backup;
    joining.priority = server.priority;
    joining.zone = server.zone;
    joining.source = server.source;
    joining.changed = base::wall_now();
    all.push_back(std::move(joining));
  }
  return all;
}

std::vector<PoolStatus> AdminAdapter::pools() const {
  std::map<std::string, std::vector<ServerStatus>> servers;
  for (ServerStatus& server : gateway_.health().status())
    servers[server.pool].push_back(std::move(server));
  std::vector<PoolStatus> all;
  const std::shared_ptr<const Snapshot> snapshot = gateway_.snapshot();
  for (std::size_t i = 0; i < snapshot->pools.size(); ++i) {
    const PoolRuntime& runtime = snapshot->pools[i];
    const PoolConfig& config = runtime.pool->config();
    all.push_back({config.name, std::string(word_of(kBalances, config.balance)),
                   runtime.pool->queued(), runtime.pool->panics(),
                   servers_of(snapshot->config->pools[i], std::move(servers[config.name]))});
    for (Discovery::SourceLine& line :
         gateway_.members().discovery().describe(config.name, base::wall_now()))
      all.back().sources.push_back({std::string(to_string(line.source)), std::move(line.text)});
  }
  return all;
}

GatewayStatus AdminAdapter::status() const {
  const std::shared_ptr<const Snapshot> snapshot = gateway_.snapshot();
  GatewayStatus status;
  status.version = gateway_.version();
  status.pid = ::getpid();
  status.config = snapshot->config->path;
  status.now = base::wall_now();
  status.started = gateway_.started();
  status.generation = snapshot->generation;
  status.readiness = readiness();
  status.requests_in_flight = gateway_.load().requests_in_flight.load(std::memory_order_relaxed);
  status.listeners = listeners_of(gateway_);
  for (std::uint32_t i = 0; i < gateway_.workers().size(); ++i) {
    const Worker& worker = *gateway_.workers()[i];
    status.workers.push_back(
        {i, worker.generation(), worker.open_connections(), worker.store_revision()});
  }
  status.pools = pools();
  status.certificates = certificates_of(gateway_);
  status.client_crls = client_crls_of(gateway_, status.now);
  status.crl_sources = crl_sources_of(gateway_);
  const Gateway::ReloadState& reload = gateway_.last_reload();
  status.reload = {reload.ok, reload.at, reload.error};
  status.overload = overload_of(gateway_);
  status.limits = limits_of(*snapshot);
  status.store = store_status(gateway_);
  if (gateway_.keeper() != nullptr) status.processes = gateway_.keeper()->processes();
  return status;
}

Result<StoredCertificateStatus> AdminAdapter::stored_certificate(std::string_view name) const {
  return gateway::stored_certificate(gateway_, name);
}

Result<ChallengeStatus> AdminAdapter::challenge(std::string_view token) const {
  return challenge_status(gateway_, token);
}

std::string AdminAdapter::metrics_text() const {
  return gateway_.metrics().exposition();
}

std::vector<AbusiveClient> AdminAdapter::abusive_clients() const {
  constexpr std::size_t kMost = 100;
  std::vector<AbusiveClient> clients;
  const std::shared_ptr<const Snapshot> snapshot = gateway_.snapshot();
  if (snapshot->abuse == nullptr) return clients;
  for (const AbuseTable::Client& client : snapshot->abuse->worst(kMost, base::mono_now())) {
    clients.push_back({base::to_string(client.prefix), client.points,
                       static_cast<std::uint64_t>(client.banned_for.count())});
  }
  return clients;
}

Result<BanExplanation> AdminAdapter::why(std::string_view subject) const {
  constexpr std::size_t kMost = 20;
  constexpr std::size_t kRequestIdMax = 64;
  BanExplanation explanation{.subject = std::string(subject)};
  std::optional<base::IpAddress> client;
  if (const auto address = base::parse_ip(subject)) {
    client = *address;
    explanation.bans = gateway_.bans().of_client(*address, kMost);
  } else if (subject.size() <= kRequestIdMax &&
             subject.find_first_of(":/ ") == std::string_view::npos) {
    explanation.bans = gateway_.bans().of_request(subject, kMost);
    if (!explanation.bans.empty()) client = explanation.bans.front().client.address;
  } else {
    return base::fail(base::Errc::invalid, "\"{}\" is neither an address nor the id of a request",
                      subject);
  }
  if (const auto& abuse = gateway_.snapshot()->abuse) {
    explanation.is_watching = true;
    if (client) explanation.standing = abuse->standing(*client, base::mono_now());
  }
  if (const messages::BanChannel* channel = gateway_.bans().channel()) {
    const messages::BanChannelStatus status = channel->status();
    explanation.agent_socket = gateway_.snapshot()->config->firewall->socket;
    explanation.agent_connected = status.is_connected;
    explanation.agent_trouble = status.trouble;
  }
  return explanation;
}

Result<void> AdminAdapter::forget_client(const base::IpPrefix& client) {
  const std::shared_ptr<const Snapshot> snapshot = gateway_.snapshot();
  const base::IpPrefix prefix = client_prefix(client.address);
  const bool is_client = client.length >= prefix.length;
  if (is_client && gateway_.bans().channel() != nullptr) gateway_.bans().channel()->forget(prefix);
  if (snapshot->abuse != nullptr && is_client &&
      snapshot->abuse->forget(prefix, base::mono_now())) {
    base::log_info("abuse", "client forgiven", {{"client", base::to_string(prefix)}});
    return {};
  }
  return base::fail(base::Errc::not_found, "nothing is known against {}", base::to_string(client));
}

Result<std::uint64_t> AdminAdapter::reload() {
  if (const auto done = gateway_.reload(); !done) return done.error();
  return gateway_.snapshot()->generation;
}

Result<void> AdminAdapter::upgrade() {
  if (gateway_.keeper() == nullptr)
    return base::fail(base::Errc::unavailable,
                      "this gateway runs in one process, which nobody can replace: restart it");
  return gateway_.keeper()->upgrade();
}

Result<void> AdminAdapter::set_admin_state(std::string_view pool, std::string_view server,
                                           AdminState state, Saving saving) {
  return gateway_.orders().set_state(pool, server, state, saving);
}

Result<void> AdminAdapter::set_weight(std::string_view pool, std::string_view server,
                                      std::optional<std::uint32_t> weight, Saving saving) {
  return gateway_.orders().set_weight(pool, server, weight, saving);
}

Result<void> AdminAdapter::add_server(std::string_view pool, const NewServer& server,
                                      Saving saving) {
  return gateway_.orders().add(pool, server, saving);
}

Result<void> AdminAdapter::remove_server(std::string_view pool, std::string_view server,
                                         Saving saving) {
  return gateway_.orders().remove(pool, server, saving);
}

Result<void> AdminAdapter::restore_server(std::string_view pool, std::string_view server,
                                          Saving saving) {
  return gateway_.orders().restore(pool, server, saving);
}

std::vector<OverrideRow> AdminAdapter::overrides() const {
  return gateway_.orders().list();
}

void collect_gateway_metrics(Gateway& gateway) {
  gateway.metrics().add_collector([&gateway](MetricSamples& samples) {
    collect_servers(gateway, samples);
    collect_certificates(gateway, samples);
    collect_store(gateway, samples);
    if (collect_keys(gateway, samples)) collect_tokens(gateway, samples);
    collect_staples(gateway, samples);
    collect_crls(gateway, samples);
    collect_limits(gateway, samples);
    collect_bans(gateway, samples);
    collect_overload(gateway, samples);
    collect_workers(gateway, samples);
    if (gateway.keeper() != nullptr) collect_processes(gateway.keeper()->processes().all, samples);
    samples.set(index(Metric::dns_waiting), {}, static_cast<double>(gateway.dns().waiting()));
    const Gateway::ReloadState& reload = gateway.last_reload();
    samples.set(index(Metric::config_reload_success), {}, reload.ok ? 1 : 0);
    samples.set(index(Metric::config_reload_time), {}, base::unix_time(reload.at));
    samples.set(index(Metric::log_dropped_total), {"access"},
                static_cast<double>(gateway.access_log().dropped()));
    samples.set(index(Metric::log_dropped_total), {"operator"},
                static_cast<double>(base::log_dropped()));
  });
}

}  // namespace ravelin::gateway
