#include "gateway/upstream/server.h"

namespace ravelin::gateway {

std::string_view to_string(AdminState state) {
  switch (state) {
    case AdminState::ready:
      return "ready";
    case AdminState::drain:
      return "drain";
    case AdminState::maint:
      return "maint";
  }
  return "?";
}

Server::Server(std::string pool, const ServerConfig& config)
    : pool_(std::move(pool)),
      name_(config.name),
      endpoint_(config.address),
      addresses_(std::make_shared<const AddressList>()) {
  identity_ = fmt::format("{}/{} {}", pool_, name_, base::to_string(endpoint_));
  if (config.tls) identity_ += fmt::format(" tls ca={} name={}", config.tls->ca, config.tls->name);
  if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint_))
    set_addresses({to_socket_address(*ip)});
  if (const auto* local = std::get_if<base::UnixEndpoint>(&endpoint_))
    set_addresses({to_socket_address(*local)});
}

void Server::set_addresses(AddressList addresses) {
  std::atomic_store(&addresses_, std::make_shared<const AddressList>(std::move(addresses)));
}

bool Server::publish() {
  const bool usable = control_.admin == AdminState::ready && control_.healthy && !control_.ejected;
  weight_.store(control_.weight_override.value_or(control_.configured_weight),
                std::memory_order_relaxed);
  return usable_.exchange(usable, std::memory_order_relaxed) != usable;
}

}  // namespace ravelin::gateway
