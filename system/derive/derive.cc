#include "system/derive/derive.h"

#include "certs/acme/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::system {
namespace {

using base::Family;
using base::IpAddress;
using base::SourcePos;

// What one source may open of new connections before the kernel takes no more of them: far above
// what a network behind one address does, far below what a flood needs.
constexpr const char* kNewConnections = "1000/s burst 2000";

bool is_unspecified(const IpAddress& address) {
  return address == IpAddress{address.family, {}};
}

std::string place(const SourcePos& pos, std::string_view what, std::string_view name) {
  const std::string_view file = std::string_view(pos.file).substr(pos.file.rfind('/') + 1);
  return fmt::format("{}:{}: {} {}", file, pos.line, what, name);
}

// Ids of the language: whatever a name has else becomes "-", and no two are the same.
class Ids {
 public:
  std::string make(std::string_view prefix, std::string_view name, int port) {
    std::string id = fmt::format("{}-{}-{}", prefix, name.substr(0, kNamePart), port);
    for (char& c : id) {
      const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      if (!is_plain) c = '-';
    }
    std::string unique = id;
    for (int i = 2; !taken_.insert(unique).second; ++i)
      unique = fmt::format("{}.{}", id, i);
    return unique;
  }

 private:
  static constexpr std::size_t kNamePart = 32;
  std::set<std::string> taken_;
};

class Derivation {
 public:
  Derivation(const gateway::Config& config, const certs::CertsConfig& certs)
      : config_(config), certs_(certs) {}

  DerivedRules run(const DeriveOptions& options) {
    for (const gateway::ListenerConfig& listener : config_.listeners)
      open(listener);
    const bool cuts_off = std::ranges::any_of(
        config_.pools, [](const gateway::PoolConfig& pool) { return !pool.quarantine.empty(); });
    if (cuts_off && !options.has_quarantine) rules_.quarantine = config_.user;
    if (const auto& kernel = config_.overload.kernel) {
      if (!options.has_overload)
        tighten(*kernel);
      else if (!kernel->synproxy.empty())
        warn({config_.path, 0, 0}, "overload.kernel.synproxy",
             "the policy has an \"overload\" of its own: say \"synproxy\" there");
    }
    if (const auto& admin = config_.admin.listen; admin && !base::is_loopback(admin->address))
      warn({config_.path, 0, 0}, "admin.listen",
           fmt::format("{} is not opened: allow it in the policy, from named sources",
                       base::to_string(*admin)));
    if (config_.user.empty()) {
      warn({config_.path, 0, 0}, "user",
           "is not set: what the gateway sends cannot be told from what others send, so nothing is "
           "said about it");
      return std::move(rules_);
    }
    for (const gateway::PoolConfig& pool : config_.pools)
      reach(pool);
    reach_certificate_authorities();
    reach_crl_servers();
    reach_resolvers();
    close_egress(options);
    return std::move(rules_);
  }

 private:
  void warn(SourcePos pos, std::string key, std::string message) {
    rules_.findings.warn(std::move(pos), std::move(key), std::move(message));
  }

  // ---- what comes in ----

  void open(const gateway::ListenerConfig& listener) {
    std::map<std::uint16_t, std::vector<IpAddress>> by_port;
    for (const base::Endpoint& bind : listener.bind) {
      const auto* endpoint = std::get_if<base::IpEndpoint>(&bind);
      if (endpoint == nullptr || base::is_loopback(endpoint->address)) continue;
      if (endpoint->port == 0) {
        warn(listener.pos, "bind", "a port the system chooses is not opened");
        continue;
      }
      by_port[endpoint->port].push_back(endpoint->address);
    }
    for (const std::string& name : listener.passed_sockets)
      warn(listener.pos, "bind",
           fmt::format("the port of systemd:{} is not known here: allow it in the policy", name));
    const std::vector<std::string> proxies = proxies_of(listener);
    for (const auto& [port, addresses] : by_port) {
      DerivedRule rule{.id = ids_.make("listener", listener.name, port),
                       .service = {fmt::format("tcp/{}", port)},
                       .to = bound_to(addresses),
                       .note = place(listener.pos, "listener", listener.name)};
      if (!proxies.empty()) {
        DerivedRule of_proxies = rule;
        of_proxies.id = ids_.make("proxies", listener.name, port);
        of_proxies.from = proxies;
        rules_.to_host.push_back(std::move(of_proxies));
      }
      rule.connections = listener.connections.per_client_max;
      rule.new_connections = kNewConnections;
      rules_.to_host.push_back(std::move(rule));
    }
  }

  void tighten(const gateway::KernelOverload& kernel) {
    std::set<std::uint16_t> ports, synproxy;
    std::set<std::string> except;
    for (const gateway::ListenerConfig& listener : config_.listeners) {
      const bool is_answered = std::ranges::count(kernel.synproxy, listener.name) != 0;
      for (const base::Endpoint& bind : listener.bind) {
        const auto* endpoint = std::get_if<base::IpEndpoint>(&bind);
        if (endpoint == nullptr || endpoint->port == 0 || base::is_loopback(endpoint->address))
          continue;
        ports.insert(endpoint->port);
        if (is_answered) synproxy.insert(endpoint->port);
      }
      for (const std::string& proxy : proxies_of(listener))
        except.insert(proxy);
    }
    if (ports.empty()) return;
    rules_.overload = {
        .ports = {ports.begin(), ports.end()},
        .new_connections = fmt::format("{}/s burst {}", kernel.new_per_second, kernel.burst),
        .except = {except.begin(), except.end()},
        .synproxy = {synproxy.begin(), synproxy.end()},
        .mss = kernel.mss};
  }

  // Each of them is many clients: the gateway counts those, the kernel cannot.
  static std::vector<std::string> proxies_of(const gateway::ListenerConfig& listener) {
    std::vector<std::string> proxies;
    for (const base::IpPrefix& prefix : listener.forwarded.trusted)
      proxies.push_back(base::to_string(prefix));
    if (listener.proxy_protocol)
      for (const gateway::ProxySource& source : listener.proxy_protocol->from)
        if (!source.is_unix) proxies.push_back(base::to_string(source.prefix));
    std::ranges::sort(proxies);
    proxies.erase(std::unique(proxies.begin(), proxies.end()), proxies.end());
    return proxies;
  }

  // Where a listener is reached: nothing when it is on all addresses of both families.
  static std::vector<std::string> bound_to(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> to;
    int families = 0;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (std::ranges::find(addresses, IpAddress{family, {}}) != addresses.end()) {
        ++families;
        to.emplace_back(family == Family::ipv4 ? "0.0.0.0/0" : "::/0");
        continue;
      }
      for (const IpAddress& address : addresses)
        if (address.family == family && !is_unspecified(address))
          to.push_back(base::to_string(address));
    }
    if (families == 2) to.clear();
    return to;
  }

  // ---- what goes out ----

  // Servers of a pool by port, each once.
  using Reached = std::map<std::uint16_t, std::vector<std::string>>;

  void reach(const gateway::PoolConfig& pool) {
    Reached reached;
    for (const gateway::ServerConfig& server : pool.servers) {
      const std::uint16_t agent =
          server.agent_port != 0 ? server.agent_port : (pool.agent ? pool.agent->port : 0);
      add(reached, server, agent);
    }
    if (pool.discover) discover(reached, pool);
    for (auto& [port, to] : reached) {
      std::ranges::sort(to);
      to.erase(std::unique(to.begin(), to.end()), to.end());
      rules_.from_host.push_back({.id = ids_.make("pool", pool.name, port),
                                  .service = {fmt::format("tcp/{}", port)},
                                  .to = std::move(to),
                                  .user = config_.user,
                                  .note = place(pool.pos, "pool", pool.name)});
    }
  }

  void add(Reached& reached, const gateway::ServerConfig& server, std::uint16_t agent_port) {
    std::string to;
    std::uint16_t port = 0;
    if (const auto* ip = std::get_if<base::IpEndpoint>(&server.address)) {
      if (base::is_loopback(ip->address)) return;
      to = base::to_string(ip->address);
      port = ip->port;
    } else if (const auto* named = std::get_if<base::NameEndpoint>(&server.address)) {
      if (named->name == "localhost") return;
      if (named->name.find('.') == std::string::npos) {
        warn(server.pos, "address",
             fmt::format("\"{}\" is no name a policy can write: allow the server's address there",
                         named->name));
        return;
      }
      needs_names_ = true;
      warn(server.pos, "address",
           fmt::format("what {} stands for is looked up when the policy is applied, and not again",
                       named->name));
      to = named->name;
      port = named->port;
    }
    if (to.empty()) return;
    reached[port].push_back(to);
    if (agent_port != 0 && agent_port != port) reached[agent_port].push_back(to);
  }

  void discover(Reached& reached, const gateway::PoolConfig& pool) {
    const gateway::DiscoverConfig& discover = *pool.discover;
    if (discover.file)
      warn(discover.file->pos, "discover.file",
           fmt::format("servers that come from {} are not known here: allow them in the policy",
                       discover.file->path));
    if (!discover.dns) return;
    needs_names_ = true;
    if (discover.dns->records == gateway::DnsRecords::srv) {
      warn(discover.dns->pos, "discover.dns",
           "the servers and ports of SRV records are not known here: allow them in the policy");
      return;
    }
    warn(discover.dns->pos, "discover.dns",
         fmt::format("what {} stands for is looked up when the policy is applied, and not again",
                     discover.dns->name));
    reached[discover.dns->port].push_back(discover.dns->name);
  }

  // Their addresses change with every look-up, and a renewal that fails is found out weeks later:
  // so their port is allowed, to whoever has it.
  void reach_certificate_authorities() {
    for (const certs::IssuerConfig& issuer : certs_.issuers) {
      if (issuer.kind != certs::IssuerKind::acme) continue;
      const auto url = certs::acme::parse_url(issuer.directory);
      if (!url) continue;  // an error of the configuration, said elsewhere
      const std::uint16_t port = url->port;
      needs_names_ = true;
      rules_.from_host.push_back({.id = ids_.make("issuer", issuer.name, port),
                                  .service = {fmt::format("tcp/{}", port)},
                                  .user = config_.user,
                                  .note = place(issuer.pos, "issuer", issuer.name)});
    }
  }

  // Where revocation lists of clients are fetched: as above, but for servers named by address.
  void reach_crl_servers() {
    std::set<std::pair<std::uint16_t, std::string>> known;
    for (const gateway::ListenerConfig& listener : config_.listeners) {
      if (!listener.tls || listener.tls->client_auth.mode == gateway::ClientAuthMode::none)
        continue;
      const gateway::ClientAuthConfig& auth = listener.tls->client_auth;
      for (const std::string& text : auth.crls) {
        const auto url = certs::acme::parse_url(text, certs::acme::PlainHttp::allowed);
        if (!url) continue;  // a file
        const auto address = base::parse_ip(url->host);
        if (address && base::is_loopback(*address)) continue;
        needs_names_ = needs_names_ || !address;
        const std::string to = address ? url->host : std::string();
        if (!known.emplace(url->port, to).second) continue;
        DerivedRule rule{.id = ids_.make("crl", listener.name, url->port),
                         .service = {fmt::format("tcp/{}", url->port)},
                         .user = config_.user,
                         .note = place(auth.pos, "client_auth of listener", listener.name)};
        if (address) rule.to.push_back(to);
        rules_.from_host.push_back(std::move(rule));
      }
    }
  }

  void reach_resolvers() {
    if (!needs_names_) return;
    std::map<std::uint16_t, std::vector<std::string>> by_port;
    for (const base::IpEndpoint& server : config_.dns.servers)
      if (!base::is_loopback(server.address))
        by_port[server.port].push_back(base::to_string(server.address));
    if (config_.dns.servers.empty()) by_port[53] = {};
    for (auto& [port, to] : by_port)
      rules_.from_host.push_back(
          {.id = ids_.make("dns", "servers", port),
           .service = {fmt::format("udp/{}", port), fmt::format("tcp/{}", port)},
           .to = std::move(to),
           .user = config_.user,
           .note = "names of servers and of certificate authorities"});
  }

  void close_egress(const DeriveOptions& options) {
    rules_.from_host.push_back({.verb = DerivedVerb::deny,
                                .id = std::string(kEgressRule),
                                .user = config_.user,
                                .is_logged = true,
                                .note = "the gateway has nothing else to send"});
    if (options.governs_egress) return;
    rules_.from_host.push_back({.id = std::string(kOthersRule), .note = "all others, as before"});
  }

  const gateway::Config& config_;
  const certs::CertsConfig& certs_;
  DerivedRules rules_;
  Ids ids_;
  bool needs_names_ = false;
};

}  // namespace

DerivedRules derive(const gateway::Config& config, const certs::CertsConfig& certs,
                    const DeriveOptions& options) {
  return Derivation(config, certs).run(options);
}

}  // namespace ravelin::system
