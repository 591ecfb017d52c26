#include "gateway/config/check_files.h"

#include "base/io/file.h"
#include "certs/acme/url.h"
#include "certs/secret_file.h"
#include "certs/staple.h"
#include "certs/store/revoked_keys.h"
#include "certs/token/tokens.h"
#include "gateway/config/places.h"
#include "gateway/config/read_error_page.h"
#include "gateway/config/read_password_file.h"
#include "gateway/config/servers_file.h"
#include "gateway/config/validate_parts.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

namespace ravelin::gateway {
namespace {

std::optional<uid_t> uid_of(const std::string& user) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0) return {};
  if (found == nullptr) return std::nullopt;
  return found->pw_uid;
}

// A certificate for "*.example.com" covers one label below it.
bool covers(const std::string& dns_name, const std::string& host) {
  if (dns_name == host) return true;
  const std::size_t dot = host.find('.');
  return dns_name.starts_with("*.") && dot != std::string::npos && !host.starts_with("*.") &&
         host.substr(dot) == dns_name.substr(1);
}

bool covers(const certs::CertificateInfo& info, const std::string& host) {
  const std::string_view bare =
      host.starts_with('[') ? std::string_view(host).substr(1, host.size() - 2) : host;
  if (const auto address = base::parse_ip(bare)) {
    return std::ranges::find(info.ip_names, *address) != info.ip_names.end();
  }
  return std::ranges::any_of(info.dns_names,
                             [&](const std::string& name) { return covers(name, host); });
}

bool is_of_key(certs::PairCode code) {
  using enum certs::PairCode;
  return code == key_encrypted || code == key_passphrase || code == key_token;
}

class FileCheck {
 public:
  FileCheck(const ParsedConfig& parsed, base::Diagnostics& diagnostics)
      : config_(parsed.config), diagnostics_(diagnostics), places_(parsed.origins, diagnostics) {}

  void run() {
    check_globals();
    for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
      const ListenerConfig& listener = config_.listeners[i];
      if (listener.tls) check_listener(listener, listener_key(i));
      check_pages(listener.error_pages, listener_key(i));
      for (std::size_t j = 0; j < listener.routes.size(); ++j)
        check_route(listener.routes[j], route_key(i, j));
    }
    for (std::size_t i = 0; i < config_.pools.size(); ++i)
      check_pool(config_.pools[i], pool_key(i));
  }

  void run_server_files() {
    key_rules_ = key_file_rules(config_);
    for (std::size_t i = 0; i < config_.pools.size(); ++i) {
      const PoolConfig& pool = config_.pools[i];
      if (pool.discover && pool.discover->file && !pool.discover->file->path.empty())
        check_server_file(pool, pool_key(i));
    }
  }

 private:
  void check_globals() {
    if (!config_.user.empty() && !uid_of(config_.user))
      places_.warn("user", {}, fmt::format("user \"{}\" does not exist here", config_.user));
    key_rules_ = key_file_rules(config_);
    if (!config_.certs_store.empty()) check_directory("certs.store", config_.certs_store);
    if (config_.admin.socket.starts_with('/'))
      check_directory_of("admin.socket", config_.admin.socket);
    if (!config_.admin.overrides.empty())
      check_directory_of("admin.overrides", config_.admin.overrides);
    if (config_.log.access.starts_with('/')) check_directory_of("log.access", config_.log.access);
  }

  void check_directory_of(const std::string& key, const std::string& path) {
    check_directory(key, std::filesystem::path(path).parent_path().string());
  }

  void check_directory(const std::string& key, const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return;
    places_.warn(key, {}, fmt::format("{} is not a directory here", path));
  }

  void check_listener(const ListenerConfig& listener, const std::string& key) {
    std::vector<certs::CertificateInfo> served;
    bool all_loaded = true;
    const std::vector<std::string> keys = places_.certificate_keys(key, *listener.tls);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const CertificateConfig& certificate = listener.tls->certificates[i];
      if (certificate.chain.empty() || certificate.key.empty()) {
        all_loaded = false;
        continue;
      }
      const auto pair = check_pair(certificate, keys[i]);
      if (pair != nullptr) served.push_back(pair->chain.info);
      if (pair != nullptr && !certificate.staple.empty())
        check_staple(certificate, *pair, keys[i] + ".staple");
      all_loaded = all_loaded && pair != nullptr;
    }
    const ClientAuthConfig& auth = listener.tls->client_auth;
    check_bundle(auth.ca, key + ".tls.client_auth.ca", auth.pos);
    for (const std::string& place : auth.crls)
      check_crls(place, key + ".tls.client_auth.crl", auth.pos);
    if (!auth.crl_cache.empty())
      check_directory_of(key + ".tls.client_auth.crl_cache", auth.crl_cache);
    if (all_loaded && !listener.tls->from_store) check_coverage(listener, key, served);
  }

  // The same pair on several listeners is read once and reported at its first place.
  certs::PairPtr check_pair(const CertificateConfig& certificate, const std::string& key) {
    const auto [known, is_new] =
        pairs_.try_emplace(std::pair(certificate.chain, certificate.key), nullptr);
    if (!is_new) return known->second;
    certs::LoadedPair loaded =
        load({certificate.chain, certificate.key, certificate.key_secret}, certs::PairUse::server);
    if (!certificate.staple.empty())
      certs::erase_finding(loaded.findings, certs::PairCode::must_staple);
    report(loaded.findings, key, key + ".key", certificate.pos);
    known->second = std::move(loaded.pair);
    return known->second;
  }

  // A key in a token is asked for a signature.
  certs::LoadedPair load(const certs::PairFiles& files, certs::PairUse use) {
    const certs::LoadRules rules{.key_file = key_rules_, .use = use};
    certs::LoadedPair loaded = certs::load_pair(files, rules, base::wall_now());
    if (files.is_in_token()) tokens_.key_of(loaded, files, rules);
    return loaded;
  }

  // What is wrong with it keeps it from being stapled, and nothing else.
  void check_staple(const CertificateConfig& certificate, const certs::CertificatePair& pair,
                    const std::string& key) {
    const auto bytes = base::read_file(certificate.staple, certs::kStapleBytesMax);
    if (!bytes) return places_.warn(key, certificate.pos, bytes.error().message);
    const auto staple = certs::parse_staple(*bytes, pair.chain, base::wall_now());
    if (staple) return;
    places_.warn(key, certificate.pos,
                 fmt::format("{} {}", certificate.staple, staple.error().message));
  }

  // What is wrong with how the key is kept stands where that is said.
  void report(const std::vector<certs::PairFinding>& findings, const std::string& pair,
              const std::string& its_key, const SourcePos& pos) {
    for (const certs::PairFinding& finding : findings) {
      const std::string& key = is_of_key(finding.code) ? its_key : pair;
      std::string message = fmt::format("{} [{}]", finding.message, certs::code_text(finding.code));
      if (finding.severity == base::Severity::error) {
        places_.error(key, pos, std::move(message));
      } else {
        places_.warn(key, pos, std::move(message));
      }
    }
  }

  // A client that names a host no certificate covers is turned away in the handshake.
  void check_coverage(const ListenerConfig& listener, const std::string& key,
                      const std::vector<certs::CertificateInfo>& served) {
    for (std::size_t i = 0; i < listener.routes.size(); ++i) {
      const std::string& host = listener.routes[i].match.host;
      const bool is_covered = std::ranges::any_of(
          served, [&](const certs::CertificateInfo& info) { return covers(info, host); });
      if (host.empty() || is_covered || !uncovered_.emplace(key, host).second) continue;
      places_.warn(fmt::format("{}.routes[{}].match.host", key, i), listener.routes[i].pos,
                   fmt::format("no certificate of this listener covers \"{}\"", host));
    }
  }

  void check_route(const RouteConfig& route, const std::string& key) {
    check_pages(route.error_pages, key);
    if (route.maintenance && !route.maintenance->page.empty())
      check_page(route.maintenance->page, key + ".maintenance.page", route.maintenance->pos);
    if (route.basic_auth) check_users(*route.basic_auth, key + ".basic_auth.users");
  }

  void check_users(const BasicAuthConfig& auth, const std::string& key) {
    const auto read = read_password_file(auth.users);
    if (!read) return places_.error(key, auth.pos, read.error().message);
    if (read->others_may_read)
      places_.warn(key, auth.pos,
                   fmt::format("{} can be read by everybody; hashes are for guessing at leisure",
                               auth.users));
  }

  void check_pages(const std::vector<ErrorPageConfig>& pages, const std::string& key) {
    for (const ErrorPageConfig& page : pages) {
      const bool is_class = page.first_status != page.last_status;
      const int shown = is_class ? page.first_status / 100 : page.first_status;
      check_page(page.path, fmt::format("{}.error_pages.{}{}", key, shown, is_class ? "xx" : ""),
                 page.pos);
    }
  }

  void check_page(const std::string& path, const std::string& key, const SourcePos& pos) {
    if (const auto page = read_error_page(path); !page)
      places_.error(key, pos, page.error().message);
  }

  void check_pool(const PoolConfig& pool, const std::string& key) {
    if (pool.health && !pool.health->command.empty()) {
      const std::string& program = pool.health->command.front();
      if (::access(program.c_str(), X_OK) != 0)
        places_.error(key + ".health.command", pool.health->pos,
                      base::fail_errno(errno, fmt::format("running {}", program)).message);
    }
    if (pool.sticky && !pool.sticky->key.empty()) {
      const auto secret = certs::read_secret_file(pool.sticky->key, key_rules_);
      if (!secret) places_.error(key + ".sticky.key", pool.sticky->pos, secret.error().message);
    }
    check_servers(pool.servers, key);
    if (pool.discover) check_server_tls(pool.discover->server, key + ".discover.server.tls");
  }

  void check_servers(const std::vector<ServerConfig>& servers, const std::string& key) {
    for (std::size_t i = 0; i < servers.size(); ++i)
      check_server_tls(servers[i], fmt::format("{}.servers[{}].tls", key, i));
  }

  void check_server_tls(const ServerConfig& server, const std::string& tls) {
    if (!server.tls) return;
    check_bundle(server.tls->ca, tls + ".ca", server.tls->pos);
    if (server.tls->certificate.empty() || server.tls->key.empty()) return;
    if (!client_pairs_.emplace(server.tls->certificate, server.tls->key).second) return;
    const auto loaded = load({server.tls->certificate, server.tls->key, server.tls->key_secret},
                             certs::PairUse::client);
    report(loaded.findings, tls + ".certificate", tls + ".key", server.tls->pos);
  }

  void check_server_file(const PoolConfig& pool, const std::string& key) {
    const FileDiscoveryConfig& file = *pool.discover->file;
    const std::string path_key = key + ".discover.file.path";
    const auto text = base::read_file(file.path, kServersFileBytesMax);
    if (!text && text.error().code == base::Errc::not_found) {
      places_.warn(path_key, file.pos,
                   fmt::format("{} is not there; the pool begins without its servers", file.path));
      return;
    }
    if (!text) return places_.error(path_key, file.pos, text.error().message);
    const auto servers = parse_servers_file(*text, file.path, pool, diagnostics_);
    if (!servers) return;
    check_servers(*servers, key + ".discover.file");
    if (servers->size() > pool.discover->servers_max) {
      places_.warn(key + ".discover.servers_max", pool.discover->pos,
                   fmt::format("{} has {} servers; those after the first {} are not used",
                               file.path, servers->size(), pool.discover->servers_max));
    }
  }

  void check_bundle(const std::string& path, const std::string& key, const SourcePos& pos) {
    if (path.empty() || !bundles_.insert(path).second) return;
    const auto text = certs::read_pem_file(path);
    if (!text) return places_.error(key, pos, text.error().message);
    const auto bundle = certs::parse_bundle(*text, path);
    if (!bundle) places_.error(key, pos, bundle.error().message);
  }

  void check_crls(const std::string& path, const std::string& key, const SourcePos& pos) {
    if (is_crl_url(path)) {
      const auto url = certs::acme::parse_url(path, certs::acme::PlainHttp::allowed);
      if (!url) places_.error(key, pos, url.error().message);
      return;
    }
    const auto text = certs::read_pem_file(path);
    if (!text) return places_.error(key, pos, text.error().message);
    const auto crls = certs::parse_crls(*text, path);
    if (!crls) places_.error(key, pos, crls.error().message);
  }

  const Config& config_;
  base::Diagnostics& diagnostics_;
  Places places_;
  certs::KeyFileRules key_rules_;
  certs::Tokens tokens_;
  std::map<std::pair<std::string, std::string>, certs::PairPtr> pairs_;
  std::set<std::pair<std::string, std::string>> client_pairs_;
  std::set<std::string> bundles_;
  std::set<std::pair<std::string, std::string>> uncovered_;
};

}  // namespace

void check_files(const ParsedConfig& parsed, base::Diagnostics& diagnostics) {
  FileCheck(parsed, diagnostics).run();
}

void check_server_files(const ParsedConfig& parsed, base::Diagnostics& diagnostics) {
  FileCheck(parsed, diagnostics).run_server_files();
}

certs::KeyFileRules key_file_rules(const Config& config) {
  certs::KeyFileRules rules{.groups = config.tls_key_groups};
  if (!config.certs_store.empty()) {
    auto revoked = certs::read_revoked_keys(certs::StorePaths(config.certs_store));
    if (revoked)
      rules.revoked = std::move(*revoked);
    else
      rules.revoked_unknown = revoked.error().message;
  }
  if (config.user.empty()) return rules;
  if (const auto uid = uid_of(config.user)) rules.owners.push_back(*uid);
  return rules;
}

}  // namespace ravelin::gateway
