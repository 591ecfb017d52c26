#include "firewall/kernel/socket_ends.h"

#include "firewall/kernel/errors.h"
#include "firewall/kernel/netlink_socket.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;
using base::IpAddress;

// A connected socket as it sees itself.
struct SocketEnd {
  IpAddress local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
};

// Who is called and who calls; whichever of them is not here is not found.
SocketEnd called_end(const Flow& flow) {
  return {flow.reply.source, flow.reply.destination, flow.reply.source_port,
          flow.reply.destination_port};
}

SocketEnd calling_end(const Flow& flow) {
  return {flow.original.source, flow.original.destination, flow.original.source_port,
          flow.original.destination_port};
}

inet_diag_req_v2 request_for(const SocketEnd& end) {
  inet_diag_req_v2 request{};
  request.sdiag_family = end.local.family == base::Family::ipv4 ? AF_INET : AF_INET6;
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_sport = htons(end.local_port);
  request.id.idiag_dport = htons(end.remote_port);
  const std::size_t bytes = end.local.family == base::Family::ipv4 ? 4 : 16;
  std::memcpy(request.id.idiag_src, end.local.bytes.data(), bytes);
  std::memcpy(request.id.idiag_dst, end.remote.bytes.data(), bytes);
  for (auto& half : request.id.idiag_cookie)
    half = INET_DIAG_NOCOOKIE;
  return request;
}

std::vector<std::uint8_t> socket_message(int type, int flags, std::uint32_t sequence,
                                         const inet_diag_req_v2& request) {
  nlmsghdr header{};
  header.nlmsg_len = sizeof header + sizeof request;
  header.nlmsg_type = static_cast<std::uint16_t>(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  std::vector<std::uint8_t> out(header.nlmsg_len);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &request, sizeof request);
  return out;
}

class SocketTable {
 public:
  explicit SocketTable(NetlinkSocket socket) : socket_(std::move(socket)) {}

  // Looked at before it is ended, and ended by its cookie: where the connection is gone the kernel
  // finds who listens there.
  Result<bool> end(const SocketEnd& end) {
    inet_diag_req_v2 request = request_for(end);
    const auto found = ask(SOCK_DIAG_BY_FAMILY, 0, request);
    if (!found) return found.error();
    if (!*found || (*found)->idiag_state == kListening) return false;
    std::copy(std::begin((*found)->id.idiag_cookie), std::end((*found)->id.idiag_cookie),
              std::begin(request.id.idiag_cookie));
    const auto ended = ask(SOCK_DESTROY, NLM_F_ACK, request);
    if (!ended) return ended.error();
    return was_done_;
  }

 private:
  static constexpr std::uint8_t kListening = 10;  // TCP_LISTEN of include/net/tcp_states.h

  // What is said of a socket; none: there is no such, or no more to say than that it was done.
  Result<std::optional<inet_diag_msg>> ask(int type, int flags, const inet_diag_req_v2& request) {
    const std::uint32_t sequence = sequence_++;
    was_done_ = false;
    if (auto sent = socket_.send(socket_message(type, flags, sequence, request)); !sent)
      return sent.error();
    while (true) {
      const auto datagram = socket_.receive(NetlinkSocket::Wait::until_deadline);
      if (!datagram) return datagram.error();
      if (datagram->kind == NetlinkSocket::Datagram::Kind::lost)
        return fail(Errc::conflict, "answers of the kernel were lost");
      const auto replies = split_replies(datagram->bytes);
      if (!replies) return replies.error();
      for (const Reply& reply : *replies) {
        if (reply.sequence != sequence) continue;
        if (const auto error = decode_error(reply)) return judge(error->number);
        if (reply.is_nftables || reply.type != SOCK_DIAG_BY_FAMILY ||
            reply.body.size() < sizeof(inet_diag_msg))
          continue;
        inet_diag_msg message{};
        std::memcpy(&message, reply.body.data(), sizeof message);
        return std::optional(message);
      }
    }
  }

  Result<std::optional<inet_diag_msg>> judge(int number) {
    constexpr int kNoSuch[] = {ENOENT, ESTALE, EOPNOTSUPP};  // gone; another; the kernel cannot
    was_done_ = number == 0;
    if (number == 0 || std::ranges::find(kNoSuch, number) != std::end(kNoSuch))
      return std::optional<inet_diag_msg>();
    return fail_number(number, "ending a socket");
  }

  NetlinkSocket socket_;
  std::uint32_t sequence_ = 1;
  bool was_done_ = false;
};

}  // namespace

Result<std::size_t> end_sockets(std::span<const Flow> flows) {
  auto socket = NetlinkSocket::open(NetlinkSocket::Protocol::sockets);
  if (!socket) return socket.error();
  SocketTable table(std::move(*socket));
  std::size_t count = 0;
  for (const Flow& flow : flows) {
    if (flow.original.protocol != IPPROTO_TCP) continue;
    for (const SocketEnd& end : {called_end(flow), calling_end(flow)}) {
      const auto ended = table.end(end);
      if (!ended) return ended.error();
      count += *ended ? 1 : 0;
    }
  }
  return count;
}

}  // namespace ravelin::firewall
