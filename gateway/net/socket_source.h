// Where listening sockets come from: this process opens them, or one that keeps them when this one
// ends. The control thread.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "gateway/net/listener.h"
#include "gateway/net/passed_sockets.h"

#include <string>
#include <vector>

namespace ravelin::gateway {

struct ListenAddress {
  std::string key;  // unique among all addresses of the process
  base::Endpoint endpoint;
  std::string passed{};  // name of a socket that the service manager has passed, in place of it
};

class SocketSource {
 public:
  SocketSource() = default;
  SocketSource(const SocketSource&) = delete;
  SocketSource& operator=(const SocketSource&) = delete;
  virtual ~SocketSource() = default;

  // Sockets that listen there, non-blocking: `count` that share the address (SO_REUSEPORT), and
  // more where another process had more, or, of a Unix one, one; of one that is passed, as many as
  // are passed. Error: the address is in use, a
  // right is missing, …
  virtual base::Result<std::vector<OwnedFd>> open(const ListenAddress& address,
                                                  std::size_t count) = 0;
  // Nothing is to listen there any more; whoever comes now is refused. The sockets themselves may
  // be in use for a moment longer.
  virtual void release(const ListenAddress& address) = 0;
};

// Opens more until there are `count` at one address; of a Unix one, and with ReusePort::no, there
// is one. Only the first is ever once_alone. Port 0 is decided by the first, and then stands in
// `endpoint`. Error: as open_listener(); what was opened before it is among `sockets`.
base::Result<> add_listeners(base::Endpoint& endpoint, std::vector<OwnedFd>& sockets,
                             std::size_t count, ReusePort reuse_port);

// Where this process has listened so far, to know others from itself: an address is not shared with
// another process, but with sockets of its own, those included that still close.
class OwnAddresses {
 public:
  // How the first socket at `endpoint` is to be opened.
  [[nodiscard]] ReusePort reuse_at(const base::Endpoint& endpoint) const;
  void opened(const base::Endpoint& endpoint);

 private:
  std::vector<base::IpEndpoint> opened_;
};

// Of this process, and those that were passed to it.
class OwnSockets final : public SocketSource {
 public:
  explicit OwnSockets(PassedSockets passed = {}) : passed_(std::move(passed)) {}

  base::Result<std::vector<OwnedFd>> open(const ListenAddress& address, std::size_t count) override;
  void release(const ListenAddress& address) override;

 private:
  PassedSockets passed_;  // kept to the end: they are the service manager's
  OwnAddresses addresses_;
};

}  // namespace ravelin::gateway
