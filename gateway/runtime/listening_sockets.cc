#include "gateway/runtime/listening_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace ravelin::gateway {

using base::Result;

Result<ListeningSockets::NewAddress> ListeningSockets::bind(
    const ListenerPlan::Address& address) const {
  if (!address.passed.empty()) return take_passed(address);
  NewAddress made;
  base::Endpoint endpoint = address.endpoint;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const bool is_unix = std::holds_alternative<base::UnixEndpoint>(endpoint);
    if (is_unix && i > 0) {  // one socket for all workers
      const int copy = ::fcntl(made.sockets.front().get(), F_DUPFD_CLOEXEC, 0);
      if (copy < 0)
        return base::fail_errno(errno, fmt::format("listener \"{}\"", address.listener));
      made.sockets.emplace_back(copy);
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

Result<ListeningSockets::NewAddress> ListeningSockets::take_passed(
    const ListenerPlan::Address& address) const {
  const std::string where = fmt::format("listener \"{}\"", address.listener);
  const auto given = passed_.find(address.passed);
  if (!given) return base::wrap(given.error(), where);
  NewAddress made;
  // One for each worker at least, each of them in somebody's hands.
  const std::size_t count = std::max(workers_.size(), given->size());
  for (std::size_t i = 0; i < count; ++i) {
    const int copy = ::fcntl((*given)[i % given->size()], F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return base::fail_errno(errno, where);
    made.sockets.emplace_back(copy);
  }
  const auto local = local_endpoint(given->front());
  if (!local) return base::wrap(local.error(), where);
  made.local = fmt::format("{} ({})", base::to_string(*local), passed_key(address.passed));
  if (const auto* ip = std::get_if<base::IpEndpoint>(&*local)) made.port = ip->port;
  return made;
}

Result<ListeningSockets::Change> ListeningSockets::prepare(
    const std::vector<ListenerConfig>& next) const {
  HeldAddresses held;
  for (const auto& [key, address] : addresses_)
    held.emplace(key, address.listener);
  Change change{plan_listeners(held, next), {}};
  wait_until_closed(change.plan);
  for (const ListenerPlan::Address& address : change.plan.bound) {
    auto made = bind(address);
    if (!made) return made.error();
    change.sockets.push_back(std::move(*made));
  }
  return change;
}

// An address that has just left still accepts what queues there. Bound beside it, the new socket
// would miss connections, and after a change of user it could not be bound at all.
void ListeningSockets::wait_until_closed(const ListenerPlan& plan) const {
  base::MonoTime until = base::mono_now();
  for (const ListenerPlan::Address& address : plan.bound) {
    const auto closing = closed_until_.find(address.key);
    if (closing != closed_until_.end()) until = std::max(until, closing->second);
  }
  std::this_thread::sleep_for(until - base::mono_now());
}

void ListeningSockets::share(const std::vector<ListenerConfig>& next) {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  std::map<std::string, std::shared_ptr<ListenerShared>> listeners;
  for (const ListenerConfig& listener : next) {
    std::shared_ptr<ListenerShared> shared = known_[listener.name].lock();
    if (shared == nullptr) {
      shared = std::make_shared<ListenerShared>();
      shared->name = listener.name;
      known_[listener.name] = shared;
    }
    shared->gate.set_limits({listener.connections.max, listener.connections.per_client_max});
    listeners.emplace(listener.name, std::move(shared));
  }
  listeners_ = std::move(listeners);
}

void ListeningSockets::adopt(Change change, Worker::Generation generation) {
  share(generation.snapshot->config->listeners);
  for (const ListenerPlan::Address& address : change.plan.moved) {
    generation.moved.emplace_back(address.key, listeners_.at(address.listener));
    addresses_[address.key].listener = address.listener;
  }
  for (const auto& worker : workers_)
    worker->apply(generation);
  for (std::size_t i = 0; i < change.plan.bound.size(); ++i) {
    const ListenerPlan::Address& address = change.plan.bound[i];
    NewAddress& made = change.sockets[i];
    const bool is_passed = !address.passed.empty();
    for (std::size_t j = 0; j < made.sockets.size(); ++j)
      workers_[j % workers_.size()]->listen({address.key, made.port,
                                             listeners_.at(address.listener),
                                             std::move(made.sockets[j]), is_passed});
    closed_until_.erase(address.key);
    const auto* local = std::get_if<base::UnixEndpoint>(&address.endpoint);
    addresses_[address.key] = {address.listener, made.port, std::move(made.local),
                               is_passed || local == nullptr ? std::string() : local->path,
                               is_passed};
  }
  for (const std::string& key : change.plan.closed)
    close(key);
}

void ListeningSockets::close(const std::string& key) {
  const auto address = addresses_.find(key);
  // Who comes now shall not wait in a queue that nobody will empty.
  if (!address->second.unix_path.empty()) ::unlink(address->second.unix_path.c_str());
  for (const auto& worker : workers_)
    worker->close_address(key, kCloseGrace);
  closed_until_[key] = base::mono_now() + kCloseGrace + kCloseGrace / 5;
  addresses_.erase(address);
}

void ListeningSockets::close() {
  while (!addresses_.empty())
    close(std::string(addresses_.begin()->first));
}

std::uint16_t ListeningSockets::passed_port(const ListenerConfig& listener) const {
  for (const std::string& name : listener.passed_sockets) {
    const auto given = passed_.find(name);
    const auto local =
        given ? local_endpoint(given->front()) : base::Result<base::Endpoint>(given.error());
    if (!local) continue;
    if (const auto* ip = std::get_if<base::IpEndpoint>(&*local)) return ip->port;
  }
  return 0;
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
  return passed_port(listener);
}

std::vector<std::pair<std::string, std::string>> ListeningSockets::bound() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [key, address] : addresses_)
    all.emplace_back(address.listener, address.local);
  std::ranges::stable_sort(all, {}, &std::pair<std::string, std::string>::first);
  return all;
}

}  // namespace ravelin::gateway
