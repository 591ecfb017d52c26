// UpstreamConnection: one connection to a server, in use by one request or idle in its worker's
// store. UpstreamServer: a worker's side of one server: its idle connections and what it has
// learned about it. One worker's thread.
#pragma once

#include "gateway/http1/response_parser.h"
#include "gateway/net/listener.h"
#include "gateway/observe/gateway_metrics.h"
#include "gateway/tls/stream.h"
#include "gateway/tls/upstream_context.h"
#include "gateway/upstream/idle_limit.h"
#include "gateway/upstream/server.h"

#include <memory>
#include <optional>
#include <vector>

namespace ravelin::gateway {

class UpstreamServer;

class UpstreamConnection : private Waiter {
 public:
  UpstreamConnection(UpstreamServer& home, Reactor& reactor, BufferPool& buffers, int fd);
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;
  ~UpstreamConnection();

  Stream& stream() { return stream_; }

  UpstreamServer& home() { return home_; }

  [[nodiscard]] bool was_reused() const { return requests_ > 1; }

  void begin_request() { ++requests_; }

 private:
  friend class UpstreamServer;
  // While idle: the server closed it, sent something nobody asked for, or its time is over.
  void idle_event();
  // Between messages, with nothing to read and not closed: the only state it may be idle in. TLS
  // may have said something of its own (a session ticket), which this reads.
  bool is_quiet();

  UpstreamServer& home_;
  Stream stream_;
  base::MonoTime idle_since_;
  base::MonoTime idle_until_;
  std::uint32_t requests_ = 0;
  std::uint32_t addresses_version_ = 0;  // of the server's, by which it is known to lead to one
};

struct ConnectFailure {
  Reason reason = Reason::connect_failed;
  std::string detail;  // names the server: for the operator's log, never for the client
};

class UpstreamServer {
 public:
  UpstreamServer(std::shared_ptr<Server> server, std::size_t worker, ServerMetrics& metrics,
                 WorkerCells& cells, Reactor& reactor, BufferPool& buffers);
  UpstreamServer(const UpstreamServer&) = delete;
  UpstreamServer& operator=(const UpstreamServer&) = delete;
  ~UpstreamServer();

  void configure(const PoolConfig& pool);
  // New connections use this; null = in the clear. Where it changes, sessions and idle connections
  // of the one before go.
  void use_tls(const std::shared_ptr<const UpstreamContext>& context);

  // The idle connection used last, or null; none to an address the server no longer has. `careful`:
  // asks the kernel whether it is still open first, for requests that must not be sent twice.
  enum class Care : unsigned char { normal, careful };
  std::unique_ptr<UpstreamConnection> take_idle(Care care);
  // A new connection, TLS included, within the connect timeout, which the addresses that are left
  // to try share. Null: `failure` says why. `preface` (at most Stream::kWriteMax bytes) goes in
  // front of everything, TLS too; it must stay until the task ends.
  base::Task<std::unique_ptr<UpstreamConnection>> connect(ConnectFailure& failure,
                                                          base::MonoTime until,
                                                          std::string_view preface);
  // Keeps a connection for the next request. It must be between two messages, with nothing
  // buffered.
  void keep(std::unique_ptr<UpstreamConnection> connection);
  // The Keep-Alive field of a response.
  void learn_idle_timeout(std::string_view keep_alive);
  void close_idle();

  // It left its pool: requests in flight end on their connections, and none is kept any more, until
  // configure() takes it back.
  void retire() {
    idle_max_ = 0;
    close_idle();
  }

  // The head of a final response came, `latency` after the request was sent.
  void answered(const http1::ResponseHead& head, std::chrono::microseconds latency);

  ServerSignals& signals() { return signals_; }

  Server& server() { return *server_; }

  [[nodiscard]] const std::shared_ptr<Server>& shared_server() const { return server_; }

  ServerMetrics& metrics() { return metrics_; }

  [[nodiscard]] std::string_view name() const { return server_->name(); }

  [[nodiscard]] std::size_t idle_count() const { return idle_.size(); }

 private:
  friend class UpstreamConnection;
  base::Task<std::unique_ptr<UpstreamConnection>> connect_one(const SocketAddress& to,
                                                              base::MonoTime deadline,
                                                              ConnectFailure& failure,
                                                              std::string_view preface);
  void drop_idle(UpstreamConnection& connection);
  void count_idle(std::int64_t change);
  // Whether it leads to an address the server still has.
  [[nodiscard]] bool leads_to_server(UpstreamConnection& connection) const;

  std::shared_ptr<Server> server_;
  std::optional<UpstreamSessions> tls_;
  ServerSignals& signals_;
  ServerMetrics& metrics_;
  WorkerCells& cells_;
  Reactor& reactor_;
  BufferPool& buffers_;
  UpstreamTimeouts timeouts_;
  std::uint32_t idle_max_ = 256;
  std::string weight_header_;
  IdleLimit idle_limit_;
  std::size_t next_address_ = 0;  // where the next connection is tried first; may be past the end
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // least recently used first
};

}  // namespace ravelin::gateway
