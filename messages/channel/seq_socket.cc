#include "messages/channel/seq_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ravelin::messages {
namespace {

using base::Errc;

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return base::fail(Errc::invalid, "the path of a socket has at most {} bytes: {}",
                      sizeof address.sun_path - 1, path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

OwnedFd make_socket() {
  return OwnedFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

std::vector<OwnedFd> descriptors_of(msghdr& message) {
  std::vector<OwnedFd> found;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
      found.emplace_back(fd);
    }
  }
  return found;
}

}  // namespace

Result<std::pair<SeqSocket, SeqSocket>> SeqSocket::make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return base::fail_errno(errno, "making a pair of sockets");
  return std::pair(SeqSocket(OwnedFd(ends[0])), SeqSocket(OwnedFd(ends[1])));
}

Result<SeqSocket> SeqSocket::connect(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  OwnedFd fd = make_socket();
  if (fd.get() < 0) return base::fail_errno(errno, "making a socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0)
    return SeqSocket(std::move(fd));
  base::Error error = base::fail_errno(errno, "connecting to " + path);
  if (errno == ENOENT || errno == ECONNREFUSED) error.code = Errc::not_found;
  return error;
}

Result<std::optional<Received>> SeqSocket::receive(std::chrono::milliseconds patience) {
  using Maybe = std::optional<Received>;
  if (patience.count() > 0) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return Maybe();
  }
  std::array<std::byte, kMessageBytesMax> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> control;
  iovec part{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Maybe();
  if (count < 0) return base::fail_errno(errno, "receiving");
  if (count == 0) return base::fail(Errc::unavailable, "the peer has closed the connection");
  std::vector<OwnedFd> descriptors = descriptors_of(header);
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return base::fail(Errc::protocol, "the peer sent more than a message may have");
  auto packet = decode(std::span(bytes).first(static_cast<std::size_t>(count)), descriptors.size());
  if (!packet) return packet.error();
  return Maybe(Received{std::move(*packet), std::move(descriptors)});
}

Result<> SeqSocket::send(const Packet& packet, std::span<const int> descriptors) {
  return send_within(packet, std::chrono::milliseconds(0), descriptors);
}

Result<> SeqSocket::send_within(const Packet& packet, std::chrono::milliseconds patience,
                                std::span<const int> descriptors) {
  if (descriptors.size() > kDescriptorsMax)
    return base::fail(Errc::invalid, "at most {} descriptors go with a message", kDescriptorsMax);
  Packet sent = packet;
  sent.descriptors = static_cast<std::uint16_t>(descriptors.size());
  const auto bytes = encode(sent);
  if (!bytes) return bytes.error();
  iovec part{const_cast<std::byte*>(bytes->data()), bytes->size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> control{};
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (::sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
    if (errno == EINTR) continue;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (errno != EAGAIN || left.count() <= 0) break;
    pollfd waiting{fd_.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      errno = EAGAIN;
      break;
    }
  }
  base::Error error = base::fail_errno(errno, "sending");
  error.code = Errc::unavailable;
  return error;
}

Result<std::size_t> SeqSocket::send_encoded(std::span<const std::vector<std::byte>> messages) {
  constexpr std::size_t kAtOnce = 64;
  std::size_t sent = 0;
  while (sent < messages.size()) {
    std::array<iovec, kAtOnce> parts;
    std::array<mmsghdr, kAtOnce> headers;
    const auto next = messages.subspan(sent, std::min(kAtOnce, messages.size() - sent));
    for (std::size_t i = 0; i < next.size(); ++i) {
      parts[i] = {const_cast<std::byte*>(next[i].data()), next[i].size()};
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = ::sendmmsg(fd_.get(), headers.data(), static_cast<unsigned>(next.size()),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == ENOBUFS)) return sent;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      base::Error error = base::fail_errno(errno, "sending");
      error.code = Errc::unavailable;
      return error;
    }
    sent += static_cast<std::size_t>(count);
  }
  return sent;
}

Result<PeerId> SeqSocket::peer() const {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return base::fail_errno(errno, "asking who is connected");
  return PeerId{credentials.pid, credentials.uid};
}

Result<SeqListener> SeqListener::open(const std::string& path, mode_t mode) {
  const auto address = address_of(path);
  if (!address) return address.error();
  if (const auto other = SeqSocket::connect(path); other)
    return base::fail(Errc::conflict, "another agent listens on {}", path);
  ::unlink(path.c_str());
  OwnedFd fd = make_socket();
  if (fd.get() < 0) return base::fail_errno(errno, "making a socket");
  // Nobody else gets in between: the mode is narrowed before the name exists.
  const mode_t before = ::umask(0777 & ~mode);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int why = errno;
  ::umask(before);
  if (bound != 0) return base::fail_errno(why, "listening on " + path);
  if (::listen(fd.get(), kBacklog) != 0) return base::fail_errno(errno, "listening on " + path);
  return SeqListener(std::move(fd), path);
}

SeqListener::~SeqListener() {
  if (fd_.get() >= 0) ::unlink(path_.c_str());
}

Result<std::optional<SeqSocket>> SeqListener::accept() {
  OwnedFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.get() >= 0) return std::optional<SeqSocket>(SeqSocket(std::move(fd)));
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return std::optional<SeqSocket>();
  return base::fail_errno(errno, "accepting");
}

Result<OwnedFd> memory_file(std::string_view text) {
  OwnedFd fd(::memfd_create("ravelin", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) return base::fail_errno(errno, "making a memory file");
  while (!text.empty()) {
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return base::fail_errno(errno, "writing a memory file");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return base::fail_errno(errno, "sealing a memory file");
  return fd;
}

Result<std::string> read_memory_file(int fd, std::size_t bytes_max) {
  struct stat status {};

  if (::fstat(fd, &status) != 0) return base::fail_errno(errno, "looking at what was handed over");
  // Anything else could block, or never end.
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) > bytes_max)
    return base::fail(Errc::protocol, "what was handed over is no file of at most {} bytes",
                      bytes_max);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t count =
        ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0)
      return base::fail(Errc::protocol, "what was handed over changed while it was read");
    have += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace ravelin::messages
