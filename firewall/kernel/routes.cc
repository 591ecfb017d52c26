#include "firewall/kernel/routes.h"

#include "firewall/kernel/errors.h"
#include "firewall/kernel/netlink_socket.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;
using base::Family;

// struct rtnexthop, one behind the other, each with attributes of its own.
void read_hops(ByteSpan bytes, std::vector<std::uint32_t>& interfaces) {
  while (bytes.size() >= sizeof(rtnexthop)) {
    rtnexthop hop{};
    std::memcpy(&hop, bytes.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > bytes.size()) return;
    interfaces.push_back(static_cast<std::uint32_t>(hop.rtnh_ifindex));
    bytes = bytes.subspan(std::min(align_netlink(hop.rtnh_len), bytes.size()));
  }
}

std::optional<base::IpPrefix> read_prefix(std::uint8_t family, int length, ByteSpan bytes) {
  const bool is_v4 = family == AF_INET;
  if (!is_v4 && family != AF_INET6) return std::nullopt;
  const std::size_t size = is_v4 ? 4 : 16;
  if (length > static_cast<int>(size) * 8 || (!bytes.empty() && bytes.size() != size))
    return std::nullopt;
  base::IpAddress address;
  address.family = is_v4 ? Family::ipv4 : Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return base::IpPrefix{base::mask(address, length), length};
}

class InterfaceNames {
 public:
  std::string of(std::uint32_t number) {
    const auto [place, is_new] = known_.emplace(number, "");
    std::array<char, IF_NAMESIZE> name{};
    if (is_new && ::if_indextoname(number, name.data()) != nullptr) place->second = name.data();
    return place->second;
  }

 private:
  std::map<std::uint32_t, std::string> known_;
};

std::vector<std::uint8_t> ask_for_routes() {
  nlmsghdr header{};
  header.nlmsg_len = sizeof(nlmsghdr) + sizeof(rtmsg);
  header.nlmsg_type = RTM_GETROUTE;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = 1;
  std::vector<std::uint8_t> out(header.nlmsg_len);
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

void keep(RouteMessage message, InterfaceNames& names, Routes& found) {
  if (!message.route.is_local && found.routes.size() >= kRoutesMax) {
    found.is_complete = false;
    return;
  }
  for (const std::uint32_t number : message.interfaces) {
    if (std::string name = names.of(number); !name.empty())
      message.route.interfaces.push_back(std::move(name));
  }
  found.routes.push_back(std::move(message.route));
}

}  // namespace

std::optional<RouteMessage> decode_route(const Reply& reply) {
  if (reply.is_nftables || reply.type != RTM_NEWROUTE || reply.body.size() < sizeof(rtmsg))
    return std::nullopt;
  rtmsg header{};
  std::memcpy(&header, reply.body.data(), sizeof header);
  if ((header.rtm_flags & RTM_F_CLONED) != 0) return std::nullopt;  // a cached answer, no route
  const ByteSpan body = reply.body.subspan(sizeof header);
  const auto to = read_prefix(header.rtm_family, header.rtm_dst_len, value_of(body, RTA_DST));
  if (!to) return std::nullopt;
  RouteMessage message;
  message.route.to = *to;
  message.route.is_local = header.rtm_type == RTN_LOCAL;
  const ByteSpan table = value_of(body, RTA_TABLE);
  message.route.table = table.size() == 4 ? read_host32(table) : header.rtm_table;
  if (header.rtm_type != RTN_UNICAST && !message.route.is_local) return message;
  if (const ByteSpan out = value_of(body, RTA_OIF); out.size() == 4)
    message.interfaces.push_back(read_host32(out));
  read_hops(value_of(body, RTA_MULTIPATH), message.interfaces);
  return message;
}

Result<Routes> read_routes() {
  auto socket = NetlinkSocket::open(NetlinkSocket::Protocol::route);
  if (!socket) return socket.error();
  if (auto sent = socket->send(ask_for_routes()); !sent) return sent.error();
  Routes found;
  InterfaceNames names;
  while (true) {
    const auto datagram = socket->receive(NetlinkSocket::Wait::until_deadline);
    if (!datagram) return datagram.error();
    if (datagram->kind == NetlinkSocket::Datagram::Kind::lost)
      return fail(Errc::conflict, "answers of the kernel were lost");
    const auto replies = split_replies(datagram->bytes);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      if (const auto error = decode_error(reply); error && error->number != 0)
        return fail_number(error->number, "reading routes");
      if (reply.type == NLMSG_DONE) {
        if (!found.is_complete)
          std::erase_if(found.routes, [](const RouteTo& route) { return !route.is_local; });
        return found;
      }
      if (auto message = decode_route(reply)) keep(std::move(*message), names, found);
    }
  }
}

}  // namespace ravelin::firewall
