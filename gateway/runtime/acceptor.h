// Acceptor: one worker's accept loop on one listening socket, for the listener that has the address
// now. One worker's thread.
#pragma once

#include "gateway/proxy/session/connection.h"

#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace ravelin::gateway {

class Acceptor {
 public:
  // Asked for each connection, by the listener's name: it changes with certificates.
  using TlsSource = std::function<std::shared_ptr<const ListenerTls>(const std::string& listener)>;

  struct Address {
    std::string key;         // address_key()
    std::uint16_t port = 0;  // as bound; 0 = a Unix socket
    std::shared_ptr<ListenerShared> listener;
    OwnedFd fd;
    bool is_passed = false;  // by the service manager, which keeps it
  };

  Acceptor(WorkerContext& worker, Address address, TlsSource tls);

  // Accepts until close(). The loop's coroutine shares ownership of what it uses.
  void start();
  // New connection attempts are no longer answered (their SYNs are dropped, so that they come again
  // or are refused later); handshakes under way and what queues is still accepted, until
  // `close_at`. Closing at once would reset those: the kernel does not hand them on
  // (tcp_migrate_req is off by default).
  void stop_new(base::MonoTime close_at);

  // Another process has the same socket, and accepts from now on.
  void hand_over() { end_accepting(); }

  // Accepts what is there, then closes the socket. What queues on a socket that was passed waits
  // for whoever takes it next.
  void close();

  // When the owner is to call close(); kNever before stop_new().
  [[nodiscard]] base::MonoTime close_at() const;
  // Whether nobody new comes to it, since it is nobody's address any more.
  [[nodiscard]] bool is_given_up() const;
  // Whether closing now would reset one of these handshakes.
  [[nodiscard]] bool has_handshakes(const std::set<std::uint16_t>& half_open) const;
  // Whether it is this address's acceptor, and not one that is about to close.
  [[nodiscard]] bool serves(const std::string& key) const;
  // Connections accepted from now on belong to `listener`.
  void assign(std::shared_ptr<ListenerShared> listener);

 private:
  struct State;
  static base::Task<void> run(std::shared_ptr<State> state);
  void end_accepting();
  static bool accept_some(State& state);
  static const std::vector<ProxySource>& proxy_sources(State& state);
  enum class Peer : unsigned char { client, proxy };
  static Reason refusal(const State& state, const base::IpAddress& peer, Peer kind);
  static void admit(State& state, Accepted accepted);

  std::shared_ptr<State> state_;
};

}  // namespace ravelin::gateway
