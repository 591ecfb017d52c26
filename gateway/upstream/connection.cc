#include "gateway/upstream/connection.h"

#include "gateway/net/connect.h"
#include "gateway/upstream/keep_alive_timeout.h"
#include "gateway/upstream/reported_weight.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using base::Task;

UpstreamConnection::UpstreamConnection(UpstreamServer& home, Reactor& reactor, BufferPool& buffers,
                                       int fd)
    : Waiter([](Waiter& self) { static_cast<UpstreamConnection&>(self).idle_event(); }),
      home_(home),
      stream_(reactor, buffers, fd) {
  home_.metrics_.connections_changed(home_.cells_, ServerConnectionState::active, 1);
}

UpstreamConnection::~UpstreamConnection() {
  cancel();  // while the socket it may wait for is still there
  home_.metrics_.connections_changed(home_.cells_, ServerConnectionState::active, -1);
}

bool UpstreamConnection::is_quiet() {
  char byte = 0;
  if (stream_.ssl() != nullptr) {
    stream_.socket().set_ready(true);  // ask the kernel, whatever was assumed
    return stream_.read({&byte, 1}).status == IoStatus::would_block;
  }
  return ::recv(stream_.socket().fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

void UpstreamConnection::idle_event() {
  const MonoTime now = home_.reactor_.now();
  // An edge may be a stale one, from bytes read before it was idle.
  if (now < idle_until_ && is_quiet()) {
    stream_.socket().set_ready(false);
    stream_.socket().watch_readable(*this);
    home_.reactor_.timers().arm(*this, idle_until_);
    return;
  }
  // The server closed first: another time be earlier than it.
  if (wake() == Wake::ready) home_.idle_limit_.closed(now, now - idle_since_);
  home_.drop_idle(*this);
}

UpstreamServer::UpstreamServer(std::shared_ptr<Server> server, std::size_t worker,
                               ServerMetrics& metrics, WorkerCells& cells, Reactor& reactor,
                               BufferPool& buffers)
    : server_(std::move(server)),
      signals_(server_->signals(worker)),
      metrics_(metrics),
      cells_(cells),
      reactor_(reactor),
      buffers_(buffers) {}

UpstreamServer::~UpstreamServer() {
  close_idle();
}

void UpstreamServer::configure(const PoolConfig& pool) {
  timeouts_ = pool.timeouts;
  idle_max_ = pool.idle_connections_max;
  weight_header_ = pool.weight_header;
}

void UpstreamServer::answered(const http1::ResponseHead& head, std::chrono::microseconds latency) {
  signals_.answered(latency, ServerSignals::answer_of(head.status));
  if (weight_header_.empty()) return;
  if (const auto percent = find_reported_weight(head.fields, weight_header_))
    server_->report_weight(*percent);
}

void UpstreamServer::use_tls(const std::shared_ptr<const UpstreamContext>& context) {
  const auto* known = tls_ ? tls_->context().get() : nullptr;
  if (known == context.get()) return;
  close_idle();
  tls_.reset();
  if (context != nullptr) tls_.emplace(context);
}

std::unique_ptr<UpstreamConnection> UpstreamServer::take_idle(Care care) {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->cancel();
    count_idle(-1);
    if (connection->addresses_version_ != server_->addresses_version() &&
        !leads_to_server(*connection))
      continue;
    if (care == Care::careful && !connection->is_quiet()) continue;
    return connection;
  }
  return nullptr;
}

bool UpstreamServer::leads_to_server(UpstreamConnection& connection) const {
  const std::uint32_t version = server_->addresses_version();
  const auto addresses = server_->addresses();
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  if (::getpeername(connection.stream_.socket().fd(), peer.get(), &peer.length) != 0) return false;
  const base::IpEndpoint leads_to = to_endpoint(peer);
  const bool is_one = std::ranges::any_of(
      *addresses, [&](const SocketAddress& one) { return to_endpoint(one) == leads_to; });
  if (is_one) connection.addresses_version_ = version;
  return is_one;
}

void UpstreamServer::keep(std::unique_ptr<UpstreamConnection> connection) {
  if (!server_->is_usable() || idle_max_ == 0) return;  // draining servers are let go
  if (server_->proxy_protocol().version != ProxyVersion::off) return;  // it is one client's
  const SSL* ssl = connection->stream_.ssl();
  const bool is_verified =
      ssl == nullptr || (tls_ && SSL_get_SSL_CTX(ssl) == tls_->context()->ssl_ctx());
  if (!is_verified) return;  // by another CA than the one that counts now
  if (idle_.size() >= idle_max_) drop_idle(*idle_.front());
  const MonoTime now = reactor_.now();
  connection->idle_since_ = now;
  connection->idle_until_ = now + std::min<Duration>(timeouts_.idle, idle_limit_.at(now));
  Socket& socket = connection->stream_.socket();
  socket.assume_drained();
  // Also a record that TLS has read ahead: it would pass for the next request's response.
  if (connection->stream_.may_be_readable() && !connection->is_quiet()) return;
  socket.set_ready(false);
  socket.watch_readable(*connection);
  reactor_.timers().arm(*connection, std::min(connection->idle_until_, now + kDrainedProbe));
  count_idle(1);
  idle_.push_back(std::move(connection));
}

// A connection is one or the other.
void UpstreamServer::count_idle(std::int64_t change) {
  metrics_.connections_changed(cells_, ServerConnectionState::idle, change);
  metrics_.connections_changed(cells_, ServerConnectionState::active, -change);
}

void UpstreamServer::drop_idle(UpstreamConnection& connection) {
  const auto found =
      std::ranges::find_if(idle_, [&](const auto& kept) { return kept.get() == &connection; });
  if (found == idle_.end()) return;
  count_idle(-1);
  idle_.erase(found);
}

void UpstreamServer::learn_idle_timeout(std::string_view keep_alive) {
  if (const auto timeout = parse_keep_alive_timeout(keep_alive)) idle_limit_.announced(*timeout);
}

void UpstreamServer::close_idle() {
  count_idle(-static_cast<std::int64_t>(idle_.size()));
  idle_.clear();
}

Task<std::unique_ptr<UpstreamConnection>> UpstreamServer::connect(ConnectFailure& failure,
                                                                  MonoTime until,
                                                                  std::string_view preface) {
  const std::uint32_t version = server_->addresses_version();
  const auto addresses = server_->addresses();
  const MonoTime deadline = std::min(until, reactor_.refresh_now() + timeouts_.connect);
  std::unique_ptr<UpstreamConnection> connection;
  if (addresses->empty()) {
    failure.detail = fmt::format("server {}/{}: its name has not been resolved", server_->pool(),
                                 server_->name());
  }
  // Each address once, the one that worked last time first, one that failed last. None may use up
  // the time of those after it: behind one that is silent another may answer.
  const std::size_t first = next_address_;
  for (std::size_t i = 0; i < addresses->size() && connection == nullptr; ++i) {
    const MonoTime now = reactor_.refresh_now();
    if (now >= deadline) break;
    const std::size_t index = (first + i) % addresses->size();
    const auto left = static_cast<Duration::rep>(addresses->size() - i);
    const MonoTime its_deadline = now + (deadline - now) / left;
    connection = co_await connect_one((*addresses)[index], its_deadline, failure, preface);
    next_address_ = connection != nullptr ? index : index + 1;
    if (connection == nullptr) continue;
    connection->addresses_version_ = version;
  }
  co_return connection;
}

Task<std::unique_ptr<UpstreamConnection>> UpstreamServer::connect_one(const SocketAddress& to,
                                                                      MonoTime deadline,
                                                                      ConnectFailure& failure,
                                                                      std::string_view preface) {
  const auto where = [&] { return fmt::format("server {}/{}", server_->pool(), server_->name()); };
  const bool is_let_through = server_->is_let_through(reactor_.now());
  auto fd = start_connect(to, is_let_through ? ConnectAs::let_through : ConnectAs::usual);
  if (!fd) {
    const bool is_ours = fd.error().code == base::Errc::unavailable;
    failure = {is_ours ? Reason::overload : Reason::connect_failed,
               fmt::format("{}: {}", where(), fd.error().message)};
    co_return nullptr;
  }
  auto connection = std::make_unique<UpstreamConnection>(*this, reactor_, buffers_, fd->release());
  Stream& stream = connection->stream();
  const int error = co_await wait_connected(stream.socket(), to, deadline);
  if (error == ETIMEDOUT) {
    failure = {Reason::connect_timeout, fmt::format("{}: no connection in time", where())};
    co_return nullptr;
  }
  if (error != 0) {
    failure = {Reason::connect_failed, base::fail_errno(error, where()).message};
    co_return nullptr;
  }
  if (!preface.empty()) stream.write(preface);
  if (!tls_) co_return connection;
  SslPtr ssl = tls_->new_ssl();
  if (ssl == nullptr) {
    failure = {Reason::internal, fmt::format("{}: out of memory", where())};
    co_return nullptr;
  }
  stream.start_tls(std::move(ssl));
  const HandshakeEnd end = co_await stream.handshake(deadline);
  if (end == HandshakeEnd::done) co_return connection;
  if (end == HandshakeEnd::key_late) {
    failure = {Reason::upstream_tls_failed,
               fmt::format("{}: the client certificate's key did not sign in time", where())};
    co_return nullptr;
  }
  const bool late = end == HandshakeEnd::timed_out;
  failure = {
      late ? Reason::connect_timeout : Reason::upstream_tls_failed,
      fmt::format("{}: {}", where(),
                  late ? "no TLS handshake in time"
                       : explain_upstream_failure(stream.ssl(), stream.socket().last_error()))};
  co_return nullptr;
}

}  // namespace ravelin::gateway
