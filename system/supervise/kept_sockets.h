// The listening sockets of the gateway, kept by the supervisor: they stay bound, and queue, while
// no gateway runs. One thread.
#pragma once

#include "base/result.h"
#include "gateway/admin/admin_socket_file.h"
#include "gateway/net/passed_sockets.h"
#include "gateway/net/socket_source.h"
#include "messages/message.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ravelin::system {

using Addresses = std::map<std::string, base::Endpoint>;  // by key

class KeptSockets {
 public:
  explicit KeptSockets(gateway::PassedSockets passed) : passed_(std::move(passed)) {}

  KeptSockets(const KeptSockets&) = delete;
  KeptSockets& operator=(const KeptSockets&) = delete;
  ~KeptSockets();  // removes the files of Unix sockets

  // What may be asked for from now on. Sockets of others stay until they are released.
  void allow(Addresses addresses) { allowed_ = std::move(addresses); }

  static constexpr std::size_t kSocketsMax = 1024;  // at one address: as many as workers

  // Descriptors that stay this one's. Errors (Errc::denied): the configuration has no such address,
  // or more than kSocketsMax; and what the kernel says.
  base::Result<std::vector<int>> give(const messages::SocketRequest& request);
  // New handshakes are not answered any more; what is under way or queues is for whoever has the
  // sockets too.
  void release(const std::string& key);
  // Whatever allow() does not name.
  void release_others();
  // Names of sockets the service manager has passed and nobody has asked for.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  struct Kept {
    base::Endpoint endpoint;
    std::vector<base::OwnedFd> sockets;
    std::optional<gateway::SocketFile> admin_file;
  };

  base::Result<> grow(const std::string& key, Kept& kept, std::size_t count);
  base::Result<std::vector<int>> passed(const messages::SocketRequest& request);

  gateway::PassedSockets passed_;
  std::set<std::string> used_;  // of their names
  Addresses allowed_;
  std::map<std::string, Kept> kept_;
  gateway::OwnAddresses addresses_;  // those that were let go of, too: the gateway may not have yet
};

}  // namespace ravelin::system
