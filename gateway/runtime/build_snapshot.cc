#include "gateway/runtime/build_snapshot.h"

#include "base/io/log.h"
#include "certs/secret_file.h"
#include "gateway/config/check_files.h"
#include "gateway/config/parse_server.h"
#include "gateway/config/read_error_page.h"
#include "gateway/config/read_password_file.h"
#include "gateway/runtime/staples.h"
#include "gateway/tls/certificate_index.h"
#include "gateway/tls/context.h"
#include "gateway/tls/ticket_ring.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Result;

namespace {

Result<void> load_pairs(const ListenerConfig& listener, const certs::LoadRules& rules,
                        KeySource& keys, ListenerMaterials& materials) {
  for (const CertificateConfig& certificate : listener.tls->certificates) {
    const certs::PairFiles files{certificate.chain, certificate.key, certificate.key_secret};
    certs::LoadedPair loaded = load_pair_with_key(files, rules, base::wall_now(), keys);
    if (loaded.pair == nullptr) {
      return base::Error{
          base::Errc::invalid,
          fmt::format("listener \"{}\": {}", listener.name, certs::to_string(loaded.findings)),
          certificate.pos};
    }
    if (!certificate.staple.empty())
      certs::erase_finding(loaded.findings, certs::PairCode::must_staple);
    if (!loaded.findings.empty()) {
      base::log_warn("tls", certs::to_string(loaded.findings), {{"listener", listener.name}});
    }
    materials.pairs.push_back({files, loaded.pair, loaded.stamps});
    materials.is_default.push_back(certificate.is_default);
    materials.staples.emplace_back();
    if (!certificate.staple.empty()) materials.staples.back().emplace(certificate.staple);
  }
  return {};
}

KeyTiming timing_of(const ListenerMaterials& materials, bool shows_store, const KeySource& keys) {
  if (shows_store && keys.reading() == certs::KeyReading::elsewhere) return KeyTiming::may_be_late;
  const bool any_late = std::ranges::any_of(materials.pairs, [](const WatchedPair& pair) {
    return key_timing(*pair.served) == KeyTiming::may_be_late;
  });
  return any_late ? KeyTiming::may_be_late : KeyTiming::immediate;
}

Result<ListenerMaterials> load_materials(const ListenerConfig& listener,
                                         const certs::LoadRules& rules,
                                         const GenerationParts& parts) {
  const ListenerTlsConfig& tls = *listener.tls;
  ListenerMaterials materials;
  if (auto loaded = load_pairs(listener, rules, parts.keys, materials); !loaded)
    return loaded.error();
  auto policy = read_policy(tls);
  if (!policy) return base::wrap(policy.error(), fmt::format("listener \"{}\"", listener.name));
  policy->session_lifetime = ticket_lifetime({tls.tickets.rotate, tls.tickets.keep});
  policy->key_timing = timing_of(materials, tls.from_store, parts.keys);
  policy->fetched_crls = parts.crls_of(listener.name);
  auto context = TlsContext::create(*policy, base::wall_now());
  if (!context) return base::wrap(context.error(), fmt::format("listener \"{}\"", listener.name));
  materials.context = *context;
  materials.from_store = tls.from_store;
  // The same policy keeps its context: sessions and their cache live on.
  const auto before = parts.running.find(listener.name);
  if (before != parts.running.end()) {
    const std::shared_ptr<const TlsContext>& used = before->second.context;
    if (used->policy_hash() == materials.context->policy_hash() &&
        used->policy().fetched_crls == policy->fetched_crls &&
        used->key_timing() == policy->key_timing &&
        used->session_lifetime() == policy->session_lifetime) {
      materials.context = used;
    }
  }
  look_at_staples(materials, listener.name, base::wall_now());
  return materials;
}

std::string hsts_value(const HstsConfig& hsts) {
  return fmt::format("max-age={}{}", hsts.max_age->count(),
                     hsts.include_subdomains ? "; includeSubDomains" : "");
}

bool writes_tls(const FieldRules& rules) {
  const auto is_asked = [](const FieldRules::Rule& rule) {
    return std::ranges::any_of(rule.value.parts, [](const TemplatePart& part) {
      return !part.is_literal && part.variable >= Variable::tls_version &&
             part.variable <= Variable::tls_subject;
    });
  };
  return std::ranges::any_of(rules.set, is_asked) || std::ranges::any_of(rules.add, is_asked);
}

bool asks_tls(const RouteConfig& route) {
  return writes_tls(route.request_headers) || writes_tls(route.response_headers);
}

Result<ErrorPages> load_pages(const std::vector<ErrorPageConfig>& configs) {
  ErrorPages pages;
  for (const ErrorPageConfig& config : configs) {
    auto page = read_error_page(config.path);
    if (!page) return base::Error{page.error().code, page.error().message, config.pos};
    pages.add(config.first_status, config.last_status, std::move(*page));
  }
  return pages;
}

Result<void> load_route_files(const RouteConfig& config, RouteRuntime& route) {
  auto pages = load_pages(config.error_pages);
  if (!pages) return pages.error();
  route.pages = std::move(*pages);
  if (config.basic_auth) {
    auto read = read_password_file(config.basic_auth->users);
    if (!read) return base::Error{read.error().code, read.error().message, config.basic_auth->pos};
    route.users = std::move(read->file);
  }
  if (!config.maintenance || config.maintenance->page.empty()) return {};
  auto page = read_error_page(config.maintenance->page);
  if (!page) return base::Error{page.error().code, page.error().message, config.maintenance->pos};
  route.maintenance_page = std::move(*page);
  return {};
}

// `rules`: what the route does to the fields of a request.
std::unique_ptr<const MirrorTarget> make_mirror(const MirrorConfig& config, std::size_t pool,
                                                FieldRules rules) {
  constexpr double kAll = 4294967296.0;  // 2^32
  rules.remove.emplace_back("Expect");   // the body is there already
  Template name;
  name.text = "ravelin";
  name.parts.push_back({.is_literal = true, .literal = name.text});
  rules.set.push_back({std::string(kMirroredBy), std::move(name)});
  return std::make_unique<const MirrorTarget>(MirrorTarget{
      pool, static_cast<std::uint64_t>(config.percent / 100 * kAll), FieldChanges(rules)});
}

RouteRuntime build_route(const ListenerConfig& listener, const RouteConfig& config,
                         const std::unordered_map<std::string, std::size_t>& pools,
                         GatewayMetrics& metrics, std::size_t& split_count) {
  RouteRuntime route;
  route.config = &config;
  const auto pool = pools.find(config.pool);
  if (pool != pools.end()) route.pool = pool->second;
  route.metrics =
      &metrics.route(listener.name, config.name, config.pool.empty() ? "none" : config.pool);
  route.split.reserve(config.split.size());
  for (const SplitPart& part : config.split)
    route.split.push_back(
        {pools.at(part.pool), &metrics.route(listener.name, config.name, part.pool)});
  if (!config.split.empty()) route.turn = split_count++;
  FieldRules request_rules = config.request_headers;
  if (config.basic_auth) request_rules.remove.emplace_back("Authorization");  // consumed here
  route.request_changes = FieldChanges(request_rules);
  if (config.mirror)
    route.mirror = make_mirror(*config.mirror, pools.at(config.mirror->pool), request_rules);
  route.response_changes = FieldChanges(config.response_headers);
  route.edits_request = !route.request_changes.empty();
  route.edits_response = !route.response_changes.empty();
  route.body_bytes_max = config.body.bytes_max.value_or(listener.limits.body_bytes_max);
  route.body_idle = config.body.idle.value_or(listener.timeouts.body_idle);
  route.min_rate_bytes_per_s =
      config.body.min_rate_bytes_per_s.value_or(listener.timeouts.min_rate_bytes_per_s);
  return route;
}

bool asks_client(const RouteConfig& route) {
  return !route.match.from.empty() || !route.deny.empty() || !route.allow.empty() ||
         (route.maintenance && !route.maintenance->except.empty());
}

Result<void> build_listener(const ListenerConfig& config,
                            const std::unordered_map<std::string, std::size_t>& pools,
                            const GenerationParts& parts, const certs::KeyFileRules& key_rules,
                            BuiltSnapshot& built) {
  GatewayMetrics& metrics = parts.metrics;
  ListenerRuntime runtime;
  runtime.config = &config;
  auto router = Router::build(config.routes);
  if (!router) return router.error();
  runtime.router = std::move(*router);
  runtime.routes.reserve(config.routes.size());
  for (const RouteConfig& route : config.routes) {
    runtime.routes.push_back(build_route(config, route, pools, metrics, built.split_count));
    runtime.routes.back().limits =
        RouteLimits::make(route.limits, config.name, route.name, built.snapshot->limits);
    if (auto loaded = load_route_files(route, runtime.routes.back()); !loaded)
      return loaded.error();
  }
  auto pages = load_pages(config.error_pages);
  if (!pages) return pages.error();
  runtime.pages = std::move(*pages);
  runtime.asks_tls = std::ranges::any_of(config.routes, asks_tls);
  runtime.asks_client = std::ranges::any_of(config.routes, asks_client);
  runtime.metrics = &metrics.listener(config.name);
  runtime.no_route_metrics = &metrics.route(config.name, "none", "none");
  if (config.tls) {
    const certs::LoadRules rules{.key_file = key_rules, .expired = certs::ExpiredPair::serve};
    auto materials = load_materials(config, rules, parts);
    if (!materials) return materials.error();
    runtime.tls_context = materials->context;
    runtime.has_hsts = config.tls->hsts.max_age.has_value();
    if (runtime.has_hsts) runtime.hsts = hsts_value(config.tls->hsts);
    built.tls.emplace(config.name, std::move(*materials));
  }
  built.listeners->by_name.emplace(config.name, built.listeners->all.size());
  built.listeners->all.push_back(std::move(runtime));
  return {};
}

// Entries the table of rates needs: none while no route has a rate.
std::size_t rate_entries(const Config& config) {
  const auto has_rate = [](const RouteConfig& route) { return route.limits.rate.has_value(); };
  for (const ListenerConfig& listener : config.listeners) {
    if (std::ranges::any_of(listener.routes, has_rate)) return config.limit_tables.rate_entries;
  }
  return 0;
}

// A listener that only redirects asks the routers of those with routes.
void ask_clients_for_redirects(std::vector<ListenerRuntime>& listeners) {
  const bool any_asks = std::ranges::any_of(listeners, &ListenerRuntime::asks_client);
  for (ListenerRuntime& listener : listeners)
    listener.asks_client = listener.asks_client || (any_asks && listener.config->redirect_https);
}

std::shared_ptr<AbuseTable> make_abuse_table(const Config& config, const Snapshot* previous) {
  if (!config.abuse) return nullptr;
  AbuseTable::Exempt exempt;
  for (const ListenerConfig& listener : config.listeners) {
    const std::vector<base::IpPrefix>& more = listener.forwarded.trusted;
    exempt.trusted.insert(exempt.trusted.end(), more.begin(), more.end());
    if (!listener.proxy_protocol) continue;
    for (const ProxySource& source : listener.proxy_protocol->from)
      if (!source.is_unix) exempt.trusted.push_back(source.prefix);
  }
  for (const PoolConfig& pool : config.pools) {
    for (const ServerConfig& server : pool.servers)
      // Who connects from this host is no server of ours, even if servers run here.
      if (const auto* ip = std::get_if<base::IpEndpoint>(&server.address);
          ip != nullptr && !base::is_loopback(ip->address))
        exempt.hosts.push_back(ip->address);
  }
  for (const base::IpEndpoint& resolver : config.dns.servers)
    exempt.hosts.push_back(resolver.address);
  return AbuseTable::make(*config.abuse, std::move(exempt),
                          previous == nullptr ? nullptr : previous->abuse.get());
}

// The fields view strings of the listener they belong to: they are made once those no longer move.
void make_response_fields(std::vector<ListenerRuntime>& listeners) {
  for (ListenerRuntime& listener : listeners) {
    listener.response_fields.push_back({FieldId::via, "Via", "1.1 ravelin"});
    if (listener.has_hsts) {
      listener.response_fields.push_back(
          {FieldId::strict_transport_security, "Strict-Transport-Security", listener.hsts});
    }
  }
}

// The pools of the generation before, by name.
std::unordered_map<std::string_view, const PoolRuntime*> pools_of(const Snapshot* snapshot) {
  std::unordered_map<std::string_view, const PoolRuntime*> pools;
  if (snapshot == nullptr) return pools;
  for (const PoolRuntime& pool : snapshot->pools)
    pools.emplace(pool.pool->config().name, &pool);
  return pools;
}

void add_pool(BuiltPool pool, BuiltSnapshot& built) {
  for (const std::shared_ptr<Server>& server : pool.runtime.pool->servers())
    built.servers.emplace(server->identity(), server);
  if (!pool.findings.empty())
    built.findings.emplace(pool.runtime.pool->config().name, std::move(pool.findings));
  built.snapshot->pools.push_back(std::move(pool.runtime));
}

Result<void> build_pools(const GenerationParts& parts, const certs::KeyFileRules& key_rules,
                         BuiltSnapshot& built) {
  const auto before = pools_of(parts.previous);
  UpstreamContexts contexts(key_rules, PoolFiles::reread, parts.keys);
  const PoolParts pool_parts{built.snapshot->config->zone,
                             built.snapshot->sticky_secret,
                             parts.known,
                             parts.orders,
                             parts.metrics,
                             contexts};
  for (const PoolConfig& config : built.snapshot->config->pools) {
    const auto known = before.find(config.name);
    const PoolRuntime* was = known == before.end() ? nullptr : known->second;
    auto pool = build_pool(parts.with_members(config), was, pool_parts);
    if (!pool) return pool.error();
    if (was != nullptr) Pool::succeed(pool->runtime.pool, was->pool);
    add_pool(std::move(*pool), built);
  }
  return {};
}

}  // namespace

Result<BuiltSnapshot> build_snapshot(const Config& config, const GenerationParts& parts) {
  const Snapshot* previous = parts.previous;
  BuiltSnapshot built;
  built.snapshot = std::make_shared<Snapshot>();
  built.listeners = std::make_shared<ListenerTable>();
  built.snapshot->generation = parts.generation;
  built.snapshot->config = std::make_shared<const Config>(config);
  built.snapshot->access_fields = access_fields(config.log);
  built.snapshot->sticky_secret =
      previous == nullptr ? certs::make_secret() : previous->sticky_secret;
  const Config& kept = *built.snapshot->config;  // what everything below points into
  const certs::KeyFileRules key_rules = key_file_rules(kept);
  built.snapshot->limits =
      make_limit_tables(rate_entries(kept), previous == nullptr ? nullptr : &previous->limits);
  built.snapshot->abuse = make_abuse_table(kept, previous);
  if (auto done = build_pools(parts, key_rules, built); !done) return done.error();
  std::unordered_map<std::string, std::size_t> pools;
  for (const PoolConfig& pool : kept.pools)
    pools.emplace(pool.name, pools.size());
  for (const ListenerConfig& listener : kept.listeners) {
    if (auto done = build_listener(listener, pools, parts, key_rules, built); !done)
      return done.error();
  }
  ask_clients_for_redirects(built.listeners->all);
  make_response_fields(built.listeners->all);
  built.snapshot->table = built.listeners;
  built.snapshot->listeners = built.listeners->all;
  return built;
}

Result<RenewedSnapshot> renew_snapshot(const std::set<std::string>& names,
                                       const GenerationParts& parts) {
  const Snapshot& before = *parts.previous;
  RenewedSnapshot renewed;
  UpstreamContexts contexts(key_file_rules(*before.config), PoolFiles::kept, parts.keys);
  const PoolParts pool_parts{before.config->zone, before.sticky_secret, parts.known,
                             parts.orders,        parts.metrics,        contexts};
  for (std::size_t i = 0; i < before.pools.size(); ++i) {
    const PoolRuntime& was = before.pools[i];
    if (!names.contains(was.pool->config().name)) continue;
    PoolConfig config = parts.with_members(before.config->pools[i]);
    if (std::ranges::equal(config.servers, was.pool->config().servers, is_same_server)) continue;
    auto pool = build_pool(std::move(config), &was, pool_parts);
    if (!pool) return pool.error();
    Pool::succeed(pool->runtime.pool, was.pool);
    if (renewed.snapshot == nullptr) renewed.snapshot = std::make_shared<Snapshot>(before);
    renewed.findings.emplace(was.pool->config().name, std::move(pool->findings));
    renewed.snapshot->pools[i] = std::move(pool->runtime);
    renewed.pools.push_back(i);
  }
  if (renewed.snapshot != nullptr) renewed.snapshot->generation = parts.generation;
  return renewed;
}

std::shared_ptr<const ListenerTls> make_listener_tls(const ListenerMaterials& materials,
                                                     std::shared_ptr<const TicketKeys> tickets,
                                                     const StoreParts& store) {
  std::vector<IndexedPair> pairs;
  for (std::size_t i = 0; i < materials.pairs.size(); ++i) {
    pairs.push_back({materials.pairs[i].served, materials.is_default[i]});
  }
  auto tls = std::make_shared<ListenerTls>();
  const bool has_store = materials.from_store && store.view != nullptr;
  tls->certificates =
      std::make_shared<CertificateIndex>(std::move(pairs), has_store ? store.view : nullptr);
  tls->store_revision = has_store ? store.view->revision() : 0;
  tls->watch = has_store ? store.watch : nullptr;
  if (has_store && store.challenges != nullptr && !store.challenges->is_empty())
    tls->challenges = store.challenges;
  tls->context = TlsContext::with_usual_certificate(materials.context, *tls->certificates);
  tls->tickets = std::move(tickets);
  tls->staples = staples_of(materials);
  return tls;
}

}  // namespace ravelin::gateway
