#include "firewall/kernel/conntrack.h"

#include "firewall/kernel/errors.h"

#include <linux/netlink.h>

#include <cerrno>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;
using Datagram = NetlinkSocket::Datagram;

Result<std::vector<Reply>> next_answers(NetlinkSocket& socket, std::uint32_t sequence) {
  const auto datagram = socket.receive(NetlinkSocket::Wait::until_deadline);
  if (!datagram) return datagram.error();
  if (datagram->kind == Datagram::Kind::lost)
    return fail(Errc::conflict, "answers of the kernel were lost");
  auto replies = split_replies(datagram->bytes);
  if (!replies) return replies.error();
  std::erase_if(*replies, [&](const Reply& reply) { return reply.sequence != sequence; });
  return replies;
}

}  // namespace

Result<NetlinkConntrack> NetlinkConntrack::open() {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  return NetlinkConntrack(std::move(*socket));
}

Result<> NetlinkConntrack::each(const Take& take) {
  const std::uint32_t sequence = sequence_++;
  if (auto sent = socket_.send(ask_for_flows(sequence)); !sent) return sent;
  while (true) {
    const auto replies = next_answers(socket_, sequence);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      if (const auto error = decode_error(reply); error && error->number != 0)
        return fail_number(error->number, "reading conntrack's flows");
      if (!reply.is_nftables && reply.type == NLMSG_DONE) return {};
      if (const auto flow = decode_flow(reply)) take(*flow);
    }
  }
}

Result<bool> NetlinkConntrack::remove(const Flow& flow) {
  const std::uint32_t sequence = sequence_++;
  if (auto sent = socket_.send(remove_flow(flow, sequence)); !sent) return sent.error();
  while (true) {
    const auto replies = next_answers(socket_, sequence);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      const auto error = decode_error(reply);
      if (!error) continue;
      if (error->number == 0) return true;
      if (error->number == ENOENT) return false;
      return fail_number(error->number, "removing a flow of conntrack");
    }
  }
}

}  // namespace ravelin::firewall
