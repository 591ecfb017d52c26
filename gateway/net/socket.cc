#include "gateway/net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::gateway {

using boost::system::error_code;

Socket::Direction::Direction(Socket* owner, int kind)
    : reactor_op(error_code(), &on_perform, &on_complete), socket(owner), type(kind) {}

// Asio asks whether the operation is done: an edge arrived, so it is, and the edge is used up. It
// also asks when it has seen no edge yet, see arm().
boost::asio::detail::reactor_op::status Socket::Direction::on_perform(reactor_op* op) {
  return static_cast<Direction*>(op)->needs_edge ? not_done : done_and_exhausted;
}

void Socket::Direction::on_complete(void* owner, boost::asio::detail::scheduler_operation* op,
                                    const error_code& /*ec*/, std::size_t /*bytes*/) {
  auto* self = static_cast<Direction*>(static_cast<reactor_op*>(op));
  self->armed = false;
  if (self->socket == nullptr) {
    const std::unique_ptr<Direction> last(self);
    return;
  }
  if (owner == nullptr) return;  // the socket is being closed, or the reactor ends
  self->ready = true;
  if (self == &self->socket->read_) self->socket->last_read_short_ = false;
  self->socket->reactor_.begin_turn();
  self->socket->reactor_.refresh_now();
  if (self->waiter != nullptr) self->waiter->fire(Wake::ready);
}

Socket::Socket(Reactor& reactor, int fd)
    : reactor_(reactor),
      fd_(fd),
      read_own_(std::make_unique<Direction>(this, Reactor::Epoll::read_op)),
      write_own_(std::make_unique<Direction>(this, Reactor::Epoll::write_op)),
      read_(*read_own_),
      write_(*write_own_),
      born_(reactor.turn()) {
  last_error_ = reactor_.epoll().register_descriptor(fd_, descriptor_);
}

void Socket::arm(Direction& direction, Waiter& waiter) {
  waiter.attach(direction.waiter);
  if (direction.armed) return;
  direction.armed = true;
  direction.ec_ = error_code();
  // With Asio a fresh descriptor counts as ready. A connect in progress would look done, so the
  // first wait for writing is for a real edge. So is the first wait for reading in the turn the
  // descriptor was registered in: no edge can have been missed, and a turn of the loop is saved.
  const bool may_have_missed = &direction == &read_ && reactor_.turn() != born_;
  direction.needs_edge = !direction.was_armed && !may_have_missed;
  direction.was_armed = true;
  reactor_.epoll().start_op(direction.type, fd_, descriptor_, &direction, false, true);
  direction.needs_edge = false;
}

Socket::~Socket() {
  close();
  let_go(std::move(read_own_));
  let_go(std::move(write_own_));
}

// Closing ended what still waited for an edge. What is armed yet has had one (the other direction
// got it in the same breath, and its waiter ended this socket): it is freed when its turn comes.
void Socket::let_go(std::unique_ptr<Direction> direction) {
  if (!direction->armed) return;
  direction->socket = nullptr;
  if (direction->waiter != nullptr) direction->waiter->forget(direction->waiter);
  static_cast<void>(direction.release());
}

void Socket::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  Socket& socket = *first_->socket;
  if (deadline_ != kNever) socket.reactor_.timers().arm(*this, deadline_);
  socket.arm(*first_, *this);
  if (second_ != nullptr) second_->socket->arm(*second_, *this);
}

Socket::Awaiter Socket::readable(base::MonoTime deadline) {
  return {&read_, nullptr, deadline};
}

Socket::Awaiter Socket::writable(base::MonoTime deadline) {
  return {&write_, nullptr, deadline};
}

Socket::Awaiter Socket::either_readable(Socket& a, Socket& b, base::MonoTime deadline) {
  return {&a.read_, &b.read_, deadline};
}

Socket::Awaiter Socket::readable_or_writable(Socket& reader, Socket& writer,
                                             base::MonoTime deadline) {
  return {&reader.read_, &writer.write_, deadline};
}

IoResult Socket::receive(std::span<char> into) {
  const IoResult result = receive_with(into, 0);
  if (result.status == IoStatus::ok) last_read_short_ = result.bytes < into.size();
  return result;
}

IoResult Socket::peek(std::span<char> into) {
  return receive_with(into, MSG_PEEK);
}

IoResult Socket::receive_with(std::span<char> into, int flags) {
  for (;;) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), flags);
    if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got)};
    if (got == 0) return {IoStatus::closed, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      read_.ready = false;
      return {IoStatus::would_block, 0};
    }
    last_error_ = errno;
    return {IoStatus::error, 0};
  }
}

IoResult Socket::send(std::span<const char> from, int flags) {
  for (;;) {
    const ssize_t sent = ::send(fd_, from.data(), from.size(), flags | MSG_NOSIGNAL);
    if (sent >= 0) {
      if (static_cast<std::size_t>(sent) < from.size()) write_.ready = false;
      return {IoStatus::ok, static_cast<std::size_t>(sent)};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      write_.ready = false;
      return {IoStatus::would_block, 0};
    }
    last_error_ = errno;
    return {errno == EPIPE || errno == ECONNRESET ? IoStatus::closed : IoStatus::error, 0};
  }
}

void Socket::shutdown() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Socket::shutdown_write() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void Socket::set_reset_on_close() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void Socket::close() {
  if (fd_ < 0) return;
  if (is_sole_ && !read_.armed && !write_.armed) {
    // The kernel takes a closed file out of the epoll set: a system call less for each connection.
    reactor_.epoll().deregister_descriptor(fd_, descriptor_, true);
  } else {
    // Deregistering this way ends the standing operations at once, inside this call.
    reactor_.epoll().deregister_internal_descriptor(fd_, descriptor_);
  }
  reactor_.epoll().cleanup_descriptor_data(descriptor_);
  ::close(fd_);
  fd_ = -1;
}

}  // namespace ravelin::gateway
