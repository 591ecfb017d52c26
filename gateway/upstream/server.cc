#include "gateway/upstream/server.h"

#include <algorithm>

namespace ravelin::gateway {

std::string Server::identity_of(std::string_view pool, const ServerConfig& config) {
  std::string identity =
      fmt::format("{}/{} {}", pool, config.name, base::to_string(config.address));
  if (config.tls) {
    identity += fmt::format(" tls ca={} name={}", config.tls->ca, config.tls->name);
    if (!config.tls->certificate.empty())
      identity += fmt::format(" certificate={}", config.tls->certificate);
    // In a file it is the one of the certificate; in a token it is also how one gets there.
    if (config.tls->key.starts_with("pkcs11:")) identity += fmt::format(" key={}", config.tls->key);
  }
  const UpstreamProxyConfig& proxy = config.proxy_protocol;
  if (proxy.version != ProxyVersion::off) {
    identity += fmt::format(" proxy_protocol={} tls={} authority={} request_id={}",
                            static_cast<int>(proxy.version), proxy.sends_tls, proxy.sends_authority,
                            proxy.sends_request_id);
  }
  return identity;
}

Server::Server(std::string pool, const ServerConfig& config, std::size_t workers)
    : pool_(std::move(pool)),
      name_(config.name),
      endpoint_(config.address),
      proxy_protocol_(config.proxy_protocol),
      identity_(identity_of(pool_, config)),
      addresses_(std::make_shared<const AddressList>()),
      signals_(workers) {
  if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint_))
    set_addresses({to_socket_address(*ip)});
  if (const auto* local = std::get_if<base::UnixEndpoint>(&endpoint_))
    set_addresses({to_socket_address(*local)});
}

void Server::set_addresses(AddressList addresses) {
  std::atomic_store(&addresses_, std::make_shared<const AddressList>(std::move(addresses)));
  addresses_version_.fetch_add(1, std::memory_order_release);
}

bool Server::publish() {
  const bool is_fit = control_.healthy && !control_.ejected;
  const AdminState order = std::max(control_.admin, control_.agent_order);
  const bool usable = order == AdminState::ready && is_fit;
  takes_sessions_.store(order != AdminState::maint && is_fit, std::memory_order_relaxed);
  usable_in_panic_.store(order == AdminState::ready && !addresses()->empty(),
                         std::memory_order_relaxed);
  publish_weight();
  return usable_.exchange(usable, std::memory_order_relaxed) != usable;
}

bool Server::publish_weight() {
  control_.weight.base = control_.weight_override.value_or(control_.configured_weight);
  const std::uint32_t weight = effective_weight(control_.weight, control_.weight_bounds);
  return weight_.exchange(weight, std::memory_order_relaxed) != weight;
}

}  // namespace ravelin::gateway
