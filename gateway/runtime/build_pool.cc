#include "gateway/runtime/build_pool.h"

#include "base/io/log.h"
#include "certs/secret_file.h"

namespace ravelin::gateway {

using base::Result;

namespace {

// The client certificate for a server; null where none is configured.
Result<certs::PairPtr> load_client_pair(const std::string& where, const UpstreamTlsConfig& tls,
                                        const certs::KeyFileRules& key_rules, KeySource& keys) {
  if (tls.certificate.empty()) return certs::PairPtr();
  const certs::LoadRules rules{
      .key_file = key_rules, .expired = certs::ExpiredPair::serve, .use = certs::PairUse::client};
  certs::LoadedPair loaded =
      load_pair_with_key({tls.certificate, tls.key, tls.key_secret}, rules, base::wall_now(), keys);
  if (loaded.pair == nullptr) {
    return base::Error{base::Errc::invalid,
                       fmt::format("{}: {}", where, certs::to_string(loaded.findings)), tls.pos};
  }
  if (!loaded.findings.empty())
    base::log_warn("tls", certs::to_string(loaded.findings), {{"server", where}});
  return std::move(loaded.pair);
}

std::string host_of(const ServerConfig& config) {
  if (const auto* name = std::get_if<base::NameEndpoint>(&config.address)) return name->name;
  if (const auto* ip = std::get_if<base::IpEndpoint>(&config.address))
    return base::to_string(ip->address);
  return {};
}

// The secret of the pool's cookies; "" where sessions are not bound.
Result<std::string> sticky_secret(const PoolConfig& config, const PoolRuntime* before,
                                  const PoolParts& parts) {
  if (!config.sticky) return std::string();
  if (config.sticky->key.empty()) return parts.sticky_secret;
  if (before != nullptr && parts.contexts.files() == PoolFiles::kept) return before->sticky_secret;
  auto read = certs::read_secret_file(config.sticky->key, parts.contexts.key_rules());
  if (!read) return base::wrap(read.error(), fmt::format("pool \"{}\": sticky", config.name));
  return read;
}

std::unique_ptr<const StickyCookies> make_sticky(const PoolConfig& config,
                                                 const std::string& secret) {
  if (!config.sticky) return nullptr;
  std::vector<std::string_view> names;
  for (const ServerConfig& server : config.servers)
    names.push_back(server.name);
  return std::make_unique<const StickyCookies>(*config.sticky, secret, config.name, names);
}

std::shared_ptr<Server> find_or_make(const std::string& pool, const ServerConfig& config,
                                     const PoolParts& parts) {
  const auto kept = parts.known.find(Server::identity_of(pool, config));
  if (kept != parts.known.end()) return kept->second;
  auto server = std::make_shared<Server>(pool, config, parts.metrics.workers());
  server->control().admin = ordered_state(parts.orders, pool, config.name);
  server->control().weight_override =
      ordered_weight(parts.orders, pool, config.name, static_cast<std::uint32_t>(config.weight));
  return server;
}

using ContextsByServer = std::unordered_map<const Server*, std::shared_ptr<const UpstreamContext>>;

ContextsByServer contexts_of(const PoolRuntime* pool) {
  ContextsByServer contexts;
  if (pool == nullptr) return contexts;
  for (std::size_t i = 0; i < pool->tls.size(); ++i)
    contexts.emplace(pool->pool->servers()[i].get(), pool->tls[i]);
  return contexts;
}

}  // namespace

Result<std::shared_ptr<const UpstreamContext>> UpstreamContexts::get(
    const std::string& pool, const ServerConfig& config,
    const std::shared_ptr<const UpstreamContext>& before) {
  if (!config.tls) return std::shared_ptr<const UpstreamContext>();
  // A server that stays has the same TLS settings: they are part of its identity.
  if (before != nullptr && files_ == PoolFiles::kept) return before;
  const UpstreamTlsConfig& tls = *config.tls;
  const std::string files =
      fmt::format("{}\n{}\n{}\n{}", tls.ca, tls.certificate, tls.key, tls.key_secret);
  const std::string name = tls.name.empty() ? host_of(config) : tls.name;
  const std::string where = fmt::format("server {}/{}", pool, config.name);
  auto policy = policies_.find(files);
  if (policy == policies_.end()) {
    auto read = read_upstream_policy(tls, name);
    if (!read) return base::wrap(read.error(), where);
    auto pair = load_client_pair(where, tls, key_rules_, keys_);
    if (!pair) return pair.error();
    read->pair = std::move(*pair);
    policy = policies_.emplace(files, std::move(*read)).first;
  }
  UpstreamTlsPolicy wanted = policy->second;
  wanted.name = name;
  if (before != nullptr && before->policy() == wanted) return before;
  std::shared_ptr<const UpstreamContext>& made = made_[files + "\n" + name];
  if (made != nullptr) return made;
  auto created = UpstreamContext::create(wanted);
  if (!created) return base::wrap(created.error(), where);
  made = std::move(*created);
  return made;
}

Result<BuiltPool> build_pool(PoolConfig config, const PoolRuntime* before, const PoolParts& parts) {
  BuiltPool built;
  std::vector<ServerConfig> members = std::move(config.servers);
  config.servers.clear();
  std::vector<std::shared_ptr<Server>> servers;
  const ContextsByServer known = contexts_of(before);
  for (ServerConfig& member : members) {
    std::shared_ptr<Server> server = find_or_make(config.name, member, parts);
    const auto its = known.find(server.get());
    const auto had = its == known.end() ? nullptr : its->second;
    auto context = parts.contexts.get(config.name, member, had);
    if (!context && member.source == ServerSource::config) return context.error();
    if (!context) {
      built.findings.push_back(
          fmt::format("server \"{}\" of {} {}: {}", member.name, to_string(member.source),
                      had == nullptr ? "is not used" : "keeps the TLS files it had before",
                      base::to_string(context.error())));
      if (had == nullptr) continue;
      context = had;
    }
    servers.push_back(std::move(server));
    built.runtime.tls.push_back(std::move(*context));
    config.servers.push_back(std::move(member));
  }
  auto secret = sticky_secret(config, before, parts);
  if (!secret) return secret.error();
  built.runtime.sticky_secret = std::move(*secret);
  built.runtime.metrics = &parts.metrics.pool(config.name);
  auto sticky = make_sticky(config, built.runtime.sticky_secret);
  built.runtime.pool =
      std::make_shared<Pool>(std::move(config), std::move(servers), parts.zone, std::move(sticky));
  return built;
}

void apply_settings(const PoolRuntime& runtime) {
  const PoolConfig& config = runtime.pool->config();
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ServerConfig& settings = config.servers[i];
    Server& server = *runtime.pool->servers()[i];
    server.set_in_flight_max(settings.connections_max);
    Server::Control& control = server.control();
    control.configured_weight = static_cast<std::uint32_t>(settings.weight);
    control.backup = settings.backup;
    control.weight_bounds = config.weight_bounds;
    control.priority = settings.priority;
    control.zone = settings.zone;
    control.source = settings.source;
    server.publish();
  }
}

}  // namespace ravelin::gateway
