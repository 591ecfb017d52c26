// Acceptor: one worker's accept loop on one listening socket. One worker's thread.
#pragma once

#include "gateway/proxy/connection.h"

#include <functional>
#include <memory>

namespace ravelin::gateway {

class Acceptor {
 public:
  // `tls` is asked for each connection: it changes with certificates.
  using TlsSource = std::function<std::shared_ptr<const ListenerTls>()>;

  Acceptor(WorkerContext& worker, std::shared_ptr<ListenerShared> listener, OwnedFd fd,
           TlsSource tls);

  // Accepts until close(). The loop's coroutine shares ownership of what it uses.
  void start();
  // New connection attempts are no longer answered (their SYNs are dropped, so that they come again
  // or are refused later); handshakes under way and what queues is still accepted, until close().
  // Closing at once would reset those: the kernel does not hand them on (tcp_migrate_req is off by
  // default).
  void stop_new();
  // Accepts what is there, then closes the socket.
  void close();

  [[nodiscard]] const ListenerShared& listener() const;

 private:
  struct State;
  static base::Task<void> run(std::shared_ptr<State> state);
  static bool accept_some(State& state);
  static void admit(State& state, Accepted accepted);

  std::shared_ptr<State> state_;
};

}  // namespace ravelin::gateway
