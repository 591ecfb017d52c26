#include "gateway/runtime/listening_sockets.h"

#include <unistd.h>

#include <algorithm>

namespace ravelin::gateway {

using base::Result;

Result<ListeningSockets::NewAddress> ListeningSockets::bind(
    const ListenerPlan::Address& address) const {
  NewAddress made;
  base::Endpoint endpoint = address.endpoint;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const bool is_unix = std::holds_alternative<base::UnixEndpoint>(endpoint);
    if (is_unix && i > 0) {  // one socket for all workers
      made.sockets.emplace_back(::dup(made.sockets.front().get()));
      continue;
    }
    auto fd = open_listener(endpoint, ReusePort::yes);
    if (!fd) return base::wrap(fd.error(), fmt::format("listener \"{}\"", address.listener));
    // Port 0 is decided by the first socket; the others join it.
    if (auto local = local_endpoint(fd->get())) endpoint = *local;
    made.sockets.push_back(std::move(*fd));
  }
  made.local = base::to_string(endpoint);
  if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint)) made.port = ip->port;
  return made;
}

Result<ListeningSockets::Change> ListeningSockets::prepare(
    const std::vector<ListenerConfig>& next) const {
  HeldAddresses held;
  for (const auto& [key, address] : addresses_)
    held.emplace(key, address.listener);
  Change change{plan_listeners(held, next), {}};
  for (const ListenerPlan::Address& address : change.plan.bound) {
    auto made = bind(address);
    if (!made) return made.error();
    change.sockets.push_back(std::move(*made));
  }
  return change;
}

void ListeningSockets::adopt(Change change, const std::vector<ListenerConfig>& next) {
  std::map<std::string, std::shared_ptr<ListenerShared>> listeners;
  for (const ListenerConfig& listener : next) {
    std::shared_ptr<ListenerShared>& shared = listeners[listener.name];
    const auto known = listeners_.find(listener.name);
    shared = known != listeners_.end() ? known->second : std::make_shared<ListenerShared>();
    shared->name = listener.name;
    shared->gate.set_limits({listener.connections.max, listener.connections.per_client_max});
  }
  listeners_ = std::move(listeners);
  for (std::size_t i = 0; i < change.plan.bound.size(); ++i) {
    const ListenerPlan::Address& address = change.plan.bound[i];
    NewAddress& made = change.sockets[i];
    for (std::size_t worker = 0; worker < workers_.size(); ++worker)
      workers_[worker]->listen({address.key, made.port, listeners_.at(address.listener),
                                std::move(made.sockets[worker])});
    addresses_[address.key] = {address.listener, made.port, std::move(made.local)};
  }
  for (const ListenerPlan::Address& address : change.plan.moved) {
    for (const auto& worker : workers_)
      worker->move_address(address.key, listeners_.at(address.listener));
    addresses_[address.key].listener = address.listener;
  }
  for (const std::string& key : change.plan.closed) {
    for (const auto& worker : workers_)
      worker->close_address(key, kCloseGrace);
    addresses_.erase(key);
  }
}

void ListeningSockets::close() {
  for (const auto& worker : workers_)
    worker->close_address({}, kCloseGrace);
}

std::uint16_t ListeningSockets::first_port(const ListenerConfig& listener,
                                           const Change& change) const {
  for (std::size_t i = 0; i < listener.bind.size(); ++i) {
    const std::string key = address_key(listener, i);
    const auto is_it = [&](const ListenerPlan::Address& address) { return address.key == key; };
    const auto fresh = std::ranges::find_if(change.plan.bound, is_it);
    const auto held = addresses_.find(key);
    std::uint16_t port = held == addresses_.end() ? std::uint16_t{0} : held->second.port;
    if (fresh != change.plan.bound.end())
      port = change.sockets[static_cast<std::size_t>(fresh - change.plan.bound.begin())].port;
    if (port != 0) return port;
  }
  return 0;
}

std::vector<std::pair<std::string, std::string>> ListeningSockets::bound() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [key, address] : addresses_)
    all.emplace_back(address.listener, address.local);
  std::ranges::stable_sort(all, {}, &std::pair<std::string, std::string>::first);
  return all;
}

}  // namespace ravelin::gateway
