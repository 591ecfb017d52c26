#include "firewall/kernel/netlink_socket.h"

#include "firewall/kernel/nf_tables_constants.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr int kReceiveRoom = 4 << 20;  // many errors to one batch
constexpr timeval kDeadline{5, 0};
constexpr std::size_t kSendSlack = 4096;

base::Error fail_kernel(std::string_view doing) {
  base::Error error = base::fail_errno(errno, doing);
  error.code = Errc::kernel;
  return error;
}

int number_of(NetlinkSocket::Protocol protocol) {
  switch (protocol) {
    case NetlinkSocket::Protocol::netfilter:
      return NETLINK_NETFILTER;
    case NetlinkSocket::Protocol::route:
      return NETLINK_ROUTE;
    case NetlinkSocket::Protocol::sockets:
      return NETLINK_SOCK_DIAG;
  }
  return NETLINK_NETFILTER;
}

// What needs a privilege is forced where we have it; else the system's limit holds.
bool set_room(int fd, int forced, int plain, int bytes) {
  return ::setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) == 0 ||
         ::setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes) == 0;
}

bool set_options(int fd) {
  const int on = 1;
  return ::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) == 0 &&
         ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) == 0 &&
         ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kDeadline, sizeof kDeadline) == 0 &&
         set_room(fd, SO_RCVBUFFORCE, SO_RCVBUF, kReceiveRoom);
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open(Protocol protocol) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, number_of(protocol));
  if (fd < 0) return fail_kernel("opening a netlink socket");
  NetlinkSocket socket(fd, 0);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  socklen_t bytes = sizeof address;
  if (!set_options(fd)) return fail_kernel("setting up a netlink socket");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), bytes) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0)
    return fail_kernel("binding a netlink socket");
  socket.port_ = address.nl_pid;
  return socket;
}

NetlinkSocket::NetlinkSocket(int fd, std::uint32_t port)
    : fd_(fd), port_(port), buffer_(kReplyBytesMax) {}

NetlinkSocket::NetlinkSocket(NetlinkSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      port_(other.port_),
      send_room_(other.send_room_),
      buffer_(std::move(other.buffer_)) {}

NetlinkSocket::~NetlinkSocket() {
  if (fd_ >= 0) ::close(fd_);
}

// A failure shows when sending: EMSGSIZE.
void NetlinkSocket::make_room(std::size_t bytes) {
  if (bytes + kSendSlack <= send_room_) return;
  send_room_ = bytes + kSendSlack;
  set_room(fd_, SO_SNDBUFFORCE, SO_SNDBUF, static_cast<int>(send_room_));
}

Result<> NetlinkSocket::send(ByteSpan bytes) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 30;
  if (bytes.size() > kBytesMax)
    return fail(Errc::kernel, "a batch of {} bytes is too large (at most {})", bytes.size(),
                kBytesMax);
  make_room(bytes.size());
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = -1;
  do {
    sent = ::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                    sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  if (errno == EMSGSIZE)
    return fail(Errc::kernel,
                "a batch of {} bytes does not fit into a socket's buffer (net.core.wmem_max)",
                bytes.size());
  return fail_kernel("sending to the kernel");
}

Result<> NetlinkSocket::join(int group) {
  if (::setsockopt(fd_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0) return {};
  return fail_kernel("listening to the kernel");
}

Result<bool> NetlinkSocket::wait_until(std::chrono::steady_clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  pollfd waiting{fd_, POLLIN, 0};
  const int ready =
      ::poll(&waiting, 1,
             static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLongest).count()));
  if (ready < 0 && errno != EINTR) return fail_kernel("waiting for the kernel");
  return ready > 0;
}

Result<NetlinkSocket::Datagram> NetlinkSocket::receive(Wait wait) {
  while (true) {
    sockaddr_nl from{};
    socklen_t from_bytes = sizeof from;
    const ssize_t received = ::recvfrom(fd_, buffer_.data(), buffer_.size(),
                                        MSG_TRUNC | (wait == Wait::no ? MSG_DONTWAIT : 0),
                                        reinterpret_cast<sockaddr*>(&from), &from_bytes);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno == ENOBUFS) return Datagram{Datagram::Kind::lost, {}};
      if (errno != EAGAIN) return fail_kernel("reading from the kernel");
      if (wait == Wait::no) return Datagram{};
      return fail(Errc::timeout, "the kernel does not answer (waited {} s)", kDeadline.tv_sec);
    }
    if (from.nl_pid != 0) continue;  // another process may write here: not the kernel
    const auto bytes = static_cast<std::size_t>(received);
    if (bytes > buffer_.size())
      return fail(Errc::protocol, "an answer of {} bytes is too long (at most {})", bytes,
                  buffer_.size());
    return Datagram{Datagram::Kind::bytes, ByteSpan(buffer_).first(bytes)};
  }
}

}  // namespace ravelin::firewall
