#include "system/supervise/kept_sockets.h"

#include "gateway/admin/peer_credentials.h"
#include "gateway/net/listener.h"
#include "gateway/net/socket_source.h"
#include "gateway/runtime/listener_plan.h"
#include "messages/codec.h"

#include <unistd.h>

#include <algorithm>

namespace ravelin::system {

using base::Errc;
using base::Result;

namespace {

// Those of the admin server are of one thread, and a second one at the same address is an error.
bool is_shared(const std::string& key) {
  return key != gateway::kAdminSocketKey && key != gateway::kAdminListenKey;
}

template <class Socket, class Get>
std::vector<int> slice(const std::vector<Socket>& sockets, const messages::SocketRequest& request,
                       const Get& get) {
  std::vector<int> fds;
  const std::size_t count = request.count == 0 ? messages::kDescriptorsMax : request.count;
  const std::size_t end = std::min<std::size_t>(sockets.size(), request.first + count);
  for (std::size_t i = request.first; i < end; ++i)
    fds.push_back(get(sockets[i]));
  return fds;
}

void remove_file(const base::Endpoint& endpoint) {
  if (const auto* local = std::get_if<base::UnixEndpoint>(&endpoint)) ::unlink(local->path.c_str());
}

}  // namespace

KeptSockets::~KeptSockets() {
  while (!kept_.empty())
    release(std::string(kept_.begin()->first));
}

Result<std::vector<int>> KeptSockets::give(const messages::SocketRequest& request) {
  if (request.key.starts_with(gateway::passed_key(""))) return passed(request);
  const auto known = kept_.find(request.key);
  if (known == kept_.end() && !allowed_.contains(request.key))
    return base::fail(Errc::denied, "the configuration has no address \"{}\"", request.key);
  if (request.first + request.count > kSocketsMax)
    return base::fail(Errc::denied, "\"{}\" has no more than {} sockets", request.key, kSocketsMax);
  Kept& kept = known == kept_.end() ? kept_[request.key] : known->second;
  if (known == kept_.end()) kept.endpoint = allowed_.at(request.key);
  if (const auto done = grow(request.key, kept, request.first + request.count); !done) {
    if (kept.sockets.empty()) kept_.erase(request.key);
    return done.error();
  }
  return slice(kept.sockets, request, [](const base::OwnedFd& fd) { return fd.get(); });
}

Result<> KeptSockets::grow(const std::string& key, Kept& kept, std::size_t count) {
  const bool is_first = kept.sockets.empty();
  auto reuse = is_shared(key) ? gateway::ReusePort::yes : gateway::ReusePort::no;
  if (is_first && is_shared(key)) reuse = addresses_.reuse_at(kept.endpoint);
  const auto done = gateway::add_listeners(kept.endpoint, kept.sockets, count, reuse);
  if (is_first && !kept.sockets.empty()) addresses_.opened(kept.endpoint);
  if (!done) return done;
  if (key != gateway::kAdminSocketKey || kept.admin_file) return {};
  const auto* local = std::get_if<base::UnixEndpoint>(&kept.endpoint);
  if (local == nullptr) return base::fail(Errc::invalid, "admin.socket is a Unix socket");
  auto file = gateway::secure_socket_file(local->path, gateway::find_admin_group());
  if (!file) return file.error();
  kept.admin_file = std::move(*file);
  return {};
}

Result<std::vector<int>> KeptSockets::passed(const messages::SocketRequest& request) {
  const std::string name = request.key.substr(gateway::passed_key("").size());
  const auto given = passed_.find(name);
  if (!given) return given.error();
  used_.insert(name);
  return slice(*given, request, [](int fd) { return fd; });
}

void KeptSockets::release(const std::string& key) {
  const auto kept = kept_.find(key);
  if (kept == kept_.end()) return;
  // Who comes now shall not wait in a queue that nobody will empty. The gateway, which accepts what
  // is in it, may not see to that itself on every kernel.
  if (std::holds_alternative<base::IpEndpoint>(kept->second.endpoint)) {
    for (const base::OwnedFd& socket : kept->second.sockets)
      static_cast<void>(gateway::drop_new_handshakes(socket.get()));
  }
  if (kept->second.admin_file)
    gateway::remove_socket_file(*kept->second.admin_file);
  else
    remove_file(kept->second.endpoint);
  kept_.erase(kept);
}

std::vector<std::string> KeptSockets::unused() const {
  std::vector<std::string> names = passed_.names();
  std::erase_if(names, [this](const std::string& name) { return used_.contains(name); });
  return names;
}

void KeptSockets::release_others() {
  std::vector<std::string> others;
  for (const auto& [key, kept] : kept_) {
    if (!allowed_.contains(key)) others.push_back(key);
  }
  for (const std::string& key : others)
    release(key);
}

}  // namespace ravelin::system
