#include "system/supervise/grants.h"

#include "certs/store/paths.h"
#include "gateway/runtime/client_crls.h"

#include <algorithm>
#include <map>

namespace ravelin::system {

using messages::PathGranted;
using messages::PathUse;

namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

class Grants {
 public:
  explicit Grants(messages::Role role) : role_(role) {}

  // The folder of a file: whoever replaces it writes another one beside it.
  void file(const std::string& path, PathUse use = PathUse::read) {
    if (path.starts_with('/')) grant(folder_of(path), use);
  }

  void grant(const std::string& path, PathUse use) {
    if (path.empty()) return;
    const auto [place, is_new] = paths_.emplace(path, use);
    if (!is_new) place->second = std::max(place->second, use);
  }

  [[nodiscard]] std::vector<PathGranted> take() const {
    std::vector<PathGranted> all;
    all.reserve(paths_.size());
    for (const auto& [path, use] : paths_)
      all.push_back({role_, path, use});
    return all;
  }

 private:
  messages::Role role_;
  std::map<std::string, PathUse> paths_;
};

void add(Grants& grants, const std::vector<gateway::ErrorPageConfig>& pages) {
  for (const gateway::ErrorPageConfig& page : pages)
    grants.file(page.path);
}

// A key in a token comes with a module, which is loaded.
void add_key(Grants& grants, const std::string& key) {
  if (key.starts_with("pkcs11:"))
    grants.grant("/usr/lib", PathUse::load);
  else
    grants.file(key);
}

void add(Grants& grants, const gateway::ListenerConfig& listener, const gateway::Config& config) {
  if (listener.tls) {
    for (const gateway::CertificateConfig& certificate : listener.tls->certificates) {
      grants.file(certificate.chain);
      grants.file(certificate.staple);
    }
    grants.file(listener.tls->client_auth.ca);
    for (const std::string& crl : listener.tls->client_auth.crls) {
      if (!gateway::is_crl_url(crl)) grants.file(crl);
    }
    grants.grant(gateway::crl_cache_of(listener.tls->client_auth, config), PathUse::write);
  }
  add(grants, listener.error_pages);
  for (const gateway::RouteConfig& route : listener.routes) {
    add(grants, route.error_pages);
    if (route.maintenance) grants.file(route.maintenance->page);
    if (route.basic_auth) grants.file(route.basic_auth->users);
  }
}

void add(Grants& grants, const std::optional<gateway::UpstreamTlsConfig>& tls) {
  if (!tls) return;
  grants.file(tls->ca);
  grants.file(tls->certificate);
}

void add(Grants& grants, const gateway::PoolConfig& pool) {
  if (pool.sticky) grants.file(pool.sticky->key);
  if (pool.discover && pool.discover->file) grants.file(pool.discover->file->path);
  if (pool.discover) add(grants, pool.discover->server.tls);
  if (pool.health && !pool.health->command.empty())
    grants.grant(pool.health->command.front(), PathUse::execute);
  for (const gateway::ServerConfig& server : pool.servers)
    add(grants, server.tls);
}

// What is in it for gateways: no private key.
void add_store(Grants& grants, const certs::StorePaths& store) {
  grants.grant(store.for_gateways(), PathUse::read);
  grants.grant(store.format(), PathUse::read);
}

void add(Grants& grants, const certs::CertsConfig& certs) {
  grants.grant(certs.store, PathUse::write);
  for (const certs::IssuerConfig& issuer : certs.issuers) {
    grants.file(issuer.ca_file);
    grants.file(issuer.eab);
    grants.grant(issuer.dns_hook, PathUse::execute);
    if (issuer.dns_update) grants.file(issuer.dns_update->key_file);
  }
}

// Whether `path` is `folder` or below it.
bool is_below(const std::string& path, const std::string& folder) {
  if (folder == "/" || path == folder) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

std::vector<PathGranted> gateway_grants(const gateway::Config& config) {
  Grants grants(messages::Role::gateway);
  for (const std::string& file : config.files)
    grants.file(file);
  grants.file(config.admin.overrides, PathUse::write);
  if (!config.certs_store.empty()) add_store(grants, certs::StorePaths(config.certs_store));
  for (const gateway::ListenerConfig& listener : config.listeners)
    add(grants, listener, config);
  for (const gateway::PoolConfig& pool : config.pools)
    add(grants, pool);
  return grants.take();
}

std::vector<PathGranted> certs_grants(const gateway::Config& config,
                                      const certs::CertsConfig& certs) {
  Grants grants(messages::Role::certs);
  if (!config.certs_store.empty()) add(grants, certs);
  return grants.take();
}

std::vector<PathGranted> firewall_grants(const gateway::Config& config) {
  Grants grants(messages::Role::firewall);
  if (!config.firewall || !config.firewall->manages) return grants.take();
  for (const std::string* path : {&config.firewall->policy, &config.firewall->socket})
    if (path->starts_with('/')) grants.grant(*path, PathUse::read);
  if (config.firewall->state.starts_with('/')) grants.grant(config.firewall->state, PathUse::write);
  return grants.take();
}

std::vector<PathGranted> keys_grants(const KeyList& keys) {
  Grants grants(messages::Role::keys);
  for (const KeyFile& key : keys.files) {
    grants.file(key.files.chain);
    add_key(grants, key.files.key);
    grants.file(key.files.secret_file);
  }
  grants.grant(keys.store, PathUse::read);
  return grants.take();
}

std::vector<PathGranted> beyond(const std::vector<PathGranted>& now,
                                const std::vector<PathGranted>& next) {
  std::vector<PathGranted> missing;
  for (const PathGranted& wanted : next) {
    const bool is_covered = std::ranges::any_of(now, [&wanted](const PathGranted& held) {
      return held.role == wanted.role && held.use >= wanted.use && is_below(wanted.path, held.path);
    });
    if (!is_covered) missing.push_back(wanted);
  }
  return missing;
}

}  // namespace ravelin::system
