// ListeningSockets: every listener's addresses and their sockets, one for each worker, from binding
// over reloads to the end. The control thread.
#pragma once

#include "gateway/net/socket_source.h"
#include "gateway/runtime/listener_plan.h"
#include "gateway/runtime/worker.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::gateway {

class ListeningSockets {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  // `source` outlives it.
  ListeningSockets(const Workers& workers, SocketSource& source)
      : workers_(workers), source_(source) {}

  // Sockets bound and listening, which nobody accepts from yet: one for each worker, or, of those
  // that are passed, as many as there are, dealt out in turn.
  struct NewAddress {
    std::uint16_t port = 0;  // 0 = a Unix socket
    std::string local;       // as bound: with the real port when it was 0
    std::vector<OwnedFd> sockets;
  };

  struct Change {
    ListenerPlan plan;
    std::vector<NewAddress> sockets;  // of plan.bound
  };

  // Binds what `next` adds. An address in use or a missing right is the error; dropping the result
  // closes it all again. Waits for an address that is still closing: a second, four at most.
  [[nodiscard]] base::Result<Change> prepare(const std::vector<ListenerConfig>& next) const;
  // Cannot fail. Hands `generation` to the workers, together with what the change means for them.
  void adopt(Change change, Worker::Generation generation);
  // Every address closes; connections that queue there are still accepted.
  void close();
  // Another process has the same sockets: it accepts from now on, also what queues. What queues on
  // a socket that was given up is still accepted here.
  void hand_over();

  // How long an address that closes accepts what queues at least. While handshakes are under way it
  // waits for them, Worker::kHandshakesMax more; what has not completed by then is reset.
  static constexpr base::Duration kCloseGrace = std::chrono::milliseconds(800);

  // Of the listener's first TCP address, as bound; also of those `change` is about to add. 0 =
  // none.
  [[nodiscard]] std::uint16_t first_port(const ListenerConfig& listener,
                                         const Change& change) const;
  // (listener, "127.0.0.1:8443"), by listener.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> bound() const;

 private:
  struct Address {
    std::string listener;
    std::uint16_t port = 0;
    std::string local;
    ListenAddress opened;
  };

  [[nodiscard]] base::Result<NewAddress> bind(const ListenerPlan::Address& address) const;
  [[nodiscard]] std::uint16_t port_of(const std::string& key, const Change& change) const;
  void wait_until_closed(const ListenerPlan& plan) const;
  void share(const std::vector<ListenerConfig>& next);
  void close(const std::string& key);

  const Workers& workers_;
  SocketSource& source_;
  std::map<std::string, std::shared_ptr<ListenerShared>> listeners_;  // by name
  // Also of listeners that have gone while connections of theirs are left: should one come back,
  // its limits count those too.
  std::map<std::string, std::weak_ptr<ListenerShared>> known_;
  std::map<std::string, Address> addresses_;            // by key
  std::map<std::string, base::MonoTime> closed_until_;  // by key: when the sockets have gone
};

}  // namespace ravelin::gateway
