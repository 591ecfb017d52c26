// AdminServer: the operators' way in: HTTP/1.1 on a Unix socket (everything) and on TCP
// (read-only). Runs on the control thread's reactor, never waits for a client without a deadline,
// and never blocks.
#pragma once

#include "base/result.h"
#include "gateway/admin/admin_backend.h"
#include "gateway/net/reactor.h"
#include "gateway/net/socket_source.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace ravelin::gateway {

struct AdminOptions {
  std::string socket;                          // path; "" = none
  std::optional<base::IpEndpoint> listen;      // port 0: the kernel chooses
  std::size_t connections_max = 64;            // of each of the two; more are answered 503
  std::chrono::milliseconds deadline{10'000};  // to send a whole request; to take a whole response
  // Has both sockets open, asked for by kAdminSocketKey and kAdminListenKey, and keeps the file;
  // null = the server opens its own.
  SocketSource* sockets = nullptr;
};

class AdminServer {
 public:
  // Opens both and serves as soon as the reactor runs. The socket file gets mode 0660 and, where it
  // exists, group ravelin-admin; one left by a process that is gone is replaced. Both references
  // must outlive the server. Error: address in use, no permission, …; nothing is left behind then.
  static base::Result<std::unique_ptr<AdminServer>> open(Reactor& reactor, AdminBackend& backend,
                                                         const AdminOptions& options);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  // Cuts every connection and removes the socket file. On the thread that runs the reactor, or
  // after that has ended.
  ~AdminServer();

  // Where TCP is bound.
  [[nodiscard]] std::optional<base::IpEndpoint> bound() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ravelin::gateway
