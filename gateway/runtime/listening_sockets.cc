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
  const std::string where = fmt::format("listener \"{}\"", address.listener);
  auto opened = source_.open({address.key, address.endpoint, address.passed}, workers_.size());
  if (!opened) return base::wrap(opened.error(), where);
  NewAddress made;
  const auto local = local_endpoint(opened->front().get());
  if (!local) return base::wrap(local.error(), where);
  made.local = base::to_string(*local);
  if (!address.passed.empty()) made.local += fmt::format(" ({})", passed_key(address.passed));
  if (const auto* ip = std::get_if<base::IpEndpoint>(&*local)) made.port = ip->port;
  made.sockets = std::move(*opened);
  // One for each worker at least.
  for (std::size_t i = 0; made.sockets.size() < workers_.size(); ++i) {
    const int copy = ::fcntl(made.sockets[i].get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return base::fail_errno(errno, where);
    made.sockets.emplace_back(copy);
  }
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
  base::MonoTime until{};
  for (const ListenerPlan::Address& address : plan.bound) {
    const auto closing = closed_until_.find(address.key);
    if (closing != closed_until_.end()) until = std::max(until, closing->second);
  }
  const auto is_closing = [](const auto& worker) { return worker->is_closing(); };
  while (base::mono_now() < until && std::ranges::any_of(workers_, is_closing))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
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
    addresses_[address.key] = {address.listener,
                               made.port,
                               std::move(made.local),
                               {address.key, address.endpoint, address.passed}};
  }
  for (const std::string& key : change.plan.closed)
    close(key);
}

void ListeningSockets::close(const std::string& key) {
  const auto address = addresses_.find(key);
  source_.release(address->second.opened);
  for (const auto& worker : workers_)
    worker->close_address(key, kCloseGrace);
  closed_until_[key] = base::mono_now() + kCloseGrace + Worker::kHandshakesMax + kCloseGrace / 5;
  addresses_.erase(address);
}

void ListeningSockets::close() {
  while (!addresses_.empty())
    close(std::string(addresses_.begin()->first));
}

void ListeningSockets::hand_over() {
  addresses_.clear();
  for (const auto& worker : workers_)
    worker->hand_over_addresses(kCloseGrace);
}

std::uint16_t ListeningSockets::port_of(const std::string& key, const Change& change) const {
  const auto is_it = [&](const ListenerPlan::Address& address) { return address.key == key; };
  const auto fresh = std::ranges::find_if(change.plan.bound, is_it);
  if (fresh != change.plan.bound.end())
    return change.sockets[static_cast<std::size_t>(fresh - change.plan.bound.begin())].port;
  const auto held = addresses_.find(key);
  return held == addresses_.end() ? std::uint16_t{0} : held->second.port;
}

std::uint16_t ListeningSockets::first_port(const ListenerConfig& listener,
                                           const Change& change) const {
  for (std::size_t i = 0; i < listener.bind.size(); ++i) {
    if (const auto port = port_of(address_key(listener, i), change); port != 0) return port;
  }
  for (const std::string& name : listener.passed_sockets) {
    if (const auto port = port_of(passed_key(name), change); port != 0) return port;
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
