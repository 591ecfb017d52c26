#include "gateway/admin/admin_server.h"

#include "base/check.h"
#include "base/io/log.h"
#include "base/io/task_group.h"
#include "gateway/admin/admin_session.h"
#include "gateway/admin/admin_socket_file.h"
#include "gateway/admin/peer_credentials.h"
#include "gateway/net/pause.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <vector>

namespace ravelin::gateway {

using base::Result;
using base::Task;
using namespace std::chrono_literals;

namespace {

constexpr int kAcceptsBeforePause = 16;
constexpr base::Duration kAcceptPause = 50ms;
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 73\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"code\":\"busy\",\"message\":\"too many admin connections at once\"}}\n";

base::LogRate refused_log_rate(1);

struct Door {
  Door(Reactor& reactor, int fd, AdminChannel its_channel)
      : channel(its_channel), socket(reactor, fd) {}

  AdminChannel channel;
  Socket socket;
  std::size_t open = 0;
  Waiter* waiting = nullptr;
};

}  // namespace

struct AdminServer::Impl {
  Impl(Reactor& its_reactor, AdminBackend& its_backend, const AdminOptions& its_options)
      : reactor(its_reactor), backend(its_backend), options(its_options) {}

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Result<void> open_socket();
  Result<void> open_tcp();
  Result<void> open_from(SocketSource& source, const ListenAddress& address, AdminChannel channel);
  Result<void> add_door(OwnedFd fd, AdminChannel channel);
  void start();
  void admit(Door& door, OwnedFd fd);
  [[nodiscard]] AdminCaller identify(AdminChannel channel, int fd) const;
  static Task<void> accept_for_ever(Impl& impl, Door& door);
  static Task<void> serve_one(Impl& impl, Door& door, std::unique_ptr<AdminSession> session);

  Reactor& reactor;
  AdminBackend& backend;
  AdminOptions options;
  std::optional<gid_t> admin_group;
  std::optional<SocketFile> socket_file;
  std::optional<base::IpEndpoint> bound;
  std::vector<std::unique_ptr<Door>> doors;
  std::list<AdminSession*> sessions;
  base::TaskGroup tasks;
  bool is_closing = false;
};

// Every coroutine here waits where it can be woken: all have ended when this returns.
AdminServer::Impl::~Impl() {
  is_closing = true;
  for (const auto& door : doors) {
    if (door->waiting != nullptr) door->waiting->fire(Wake::aborted);
  }
  while (!sessions.empty())
    sessions.front()->stop();
  CHECK(tasks.running() == 0);
  if (socket_file) remove_socket_file(*socket_file);
}

Result<void> AdminServer::Impl::open_socket() {
  admin_group = find_admin_group();
  if (options.sockets != nullptr)
    return open_from(*options.sockets, {kAdminSocketKey, base::UnixEndpoint{options.socket}},
                     AdminChannel::socket);
  auto fd = open_listener(base::UnixEndpoint{options.socket}, ReusePort::no);
  if (!fd) return base::wrap(fd.error(), kAdminSocketKey);
  auto file = secure_socket_file(options.socket, admin_group);
  if (!file) {
    ::unlink(options.socket.c_str());
    return base::wrap(file.error(), kAdminSocketKey);
  }
  socket_file = *file;
  return add_door(std::move(*fd), AdminChannel::socket);
}

Result<void> AdminServer::Impl::open_tcp() {
  if (options.sockets != nullptr)
    return open_from(*options.sockets, {kAdminListenKey, *options.listen}, AdminChannel::tcp);
  auto fd = open_listener(*options.listen, ReusePort::no);
  if (!fd) return base::wrap(fd.error(), kAdminListenKey);
  return add_door(std::move(*fd), AdminChannel::tcp);
}

Result<void> AdminServer::Impl::open_from(SocketSource& source, const ListenAddress& address,
                                          AdminChannel channel) {
  auto sockets = source.open(address, 1);
  if (!sockets) return base::wrap(sockets.error(), address.key);
  return add_door(std::move(sockets->front()), channel);
}

Result<void> AdminServer::Impl::add_door(OwnedFd fd, AdminChannel channel) {
  if (channel == AdminChannel::tcp) {
    const auto local = local_endpoint(fd.get());
    if (!local) return local.error();
    bound = std::get<base::IpEndpoint>(*local);
  }
  doors.push_back(std::make_unique<Door>(reactor, fd.release(), channel));
  return {};
}

void AdminServer::Impl::start() {
  for (const auto& door : doors)
    tasks.spawn(accept_for_ever(*this, *door));
}

AdminCaller AdminServer::Impl::identify(AdminChannel channel, int fd) const {
  if (channel == AdminChannel::tcp) return {.channel = channel};
  const auto peer = read_peer_credentials(fd);
  if (!peer) return {.channel = channel, .name = "unknown"};
  return {.channel = channel,
          .is_trusted = may_administer(*peer, ::geteuid(), admin_group),
          .name = fmt::format("uid {}, pid {}", peer->uid, peer->pid)};
}

void AdminServer::Impl::admit(Door& door, OwnedFd fd) {
  if (door.open >= options.connections_max) {
    // As far as it goes without waiting.
    static_cast<void>(::send(fd.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    base::log_limited(refused_log_rate, base::LogLevel::warn, "admin",
                      "connection refused: too many at once", {{"limit", options.connections_max}});
    return;
  }
  AdminCaller caller = identify(door.channel, fd.get());
  auto session = std::make_unique<AdminSession>(reactor, backend, std::move(fd), std::move(caller),
                                                options.deadline);
  tasks.spawn(serve_one(*this, door, std::move(session)));
}

Task<void> AdminServer::Impl::serve_one(Impl& impl, Door& door,
                                        std::unique_ptr<AdminSession> session) {
  ++door.open;
  const auto place = impl.sessions.insert(impl.sessions.end(), session.get());
  co_await session->serve();
  impl.sessions.erase(place);
  --door.open;
}

Task<void> AdminServer::Impl::accept_for_ever(Impl& impl, Door& door) {
  int accepted_now = 0;
  while (!impl.is_closing) {
    Accepted accepted = accept_one(door.socket.fd());
    const bool is_empty = !accepted.fd.is_open() && accepted.error == EAGAIN;
    if (accepted.fd.is_open()) impl.admit(door, std::move(accepted.fd));
    if (is_empty) {
      accepted_now = 0;
      door.socket.set_ready(false);
      Socket::Awaiter wait = door.socket.readable(kNever);
      door.waiting = &wait;
      co_await wait;
    } else if (!accepted.fd.is_open() || ++accepted_now >= kAcceptsBeforePause) {
      // Out of descriptors, or somebody who connects without end: the gateway comes first.
      accepted_now = 0;
      Pause wait(impl.reactor, kAcceptPause);
      door.waiting = &wait;
      co_await wait;
    }
    door.waiting = nullptr;
  }
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() = default;

Result<std::unique_ptr<AdminServer>> AdminServer::open(Reactor& reactor, AdminBackend& backend,
                                                       const AdminOptions& options) {
  auto impl = std::make_unique<Impl>(reactor, backend, options);
  if (!options.socket.empty()) {
    if (const auto done = impl->open_socket(); !done) return done.error();
  }
  if (options.listen) {
    if (const auto done = impl->open_tcp(); !done) return done.error();
  }
  impl->start();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

std::optional<base::IpEndpoint> AdminServer::bound() const {
  return impl_->bound;
}

std::size_t AdminServer::connections() const {
  return impl_->sessions.size();
}

}  // namespace ravelin::gateway
