#include "firewall/kernel/flow.h"

#include "firewall/kernel/batch.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace ravelin::firewall {
namespace {

using base::Family;
using base::IpAddress;

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;
constexpr std::size_t kFlowHeaderBytes = sizeof(nlmsghdr) + sizeof(nfgenmsg);

constexpr std::uint16_t nested_type(std::uint16_t type) {
  return static_cast<std::uint16_t>(type | NLA_F_NESTED);
}

constexpr std::uint16_t conntrack_type(std::uint16_t type) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
}

std::uint16_t read_be16(ByteSpan value) {
  return value.size() == 2 ? static_cast<std::uint16_t>(value[0] << 8 | value[1]) : 0;
}

std::uint8_t read_8(ByteSpan value) {
  return value.size() == 1 ? value[0] : 0;
}

std::optional<IpAddress> read_address(ByteSpan ip, std::uint16_t v4, std::uint16_t v6) {
  IpAddress address;
  ByteSpan bytes = value_of(ip, v4);
  if (bytes.size() != 4) {
    bytes = value_of(ip, v6);
    if (bytes.size() != address.bytes.size()) return std::nullopt;
    address.family = Family::ipv6;
  }
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

std::optional<FlowTuple> read_tuple(ByteSpan attributes) {
  const ByteSpan ip = value_of(attributes, CTA_TUPLE_IP);
  const ByteSpan proto = value_of(attributes, CTA_TUPLE_PROTO);
  const auto source = read_address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  const auto destination = read_address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST);
  if (!source || !destination || source->family != destination->family) return std::nullopt;
  FlowTuple tuple{*source, *destination, read_8(value_of(proto, CTA_PROTO_NUM))};
  if (tuple.protocol == kIcmp || tuple.protocol == kIcmpv6) {
    const bool is_v4 = tuple.protocol == kIcmp;
    tuple.source_port = read_be16(value_of(proto, is_v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID));
    tuple.destination_port =
        read_8(value_of(proto, is_v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE));
    tuple.icmp_code = read_8(value_of(proto, is_v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE));
    return tuple;
  }
  tuple.source_port = read_be16(value_of(proto, CTA_PROTO_SRC_PORT));
  tuple.destination_port = read_be16(value_of(proto, CTA_PROTO_DST_PORT));
  return tuple;
}

bool is_closed_tcp(ByteSpan attributes) {
  const ByteSpan info = value_of(value_of(attributes, CTA_PROTOINFO), CTA_PROTOINFO_TCP);
  const std::uint8_t state = read_8(value_of(info, CTA_PROTOINFO_TCP_STATE));
  return state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE;
}

std::vector<std::uint8_t> message(std::uint16_t type, std::uint16_t flags, std::uint8_t family,
                                  std::uint32_t sequence, ByteSpan body) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(kFlowHeaderBytes + body.size());
  header.nlmsg_type = conntrack_type(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  nfgenmsg extra{};
  extra.nfgen_family = family;
  extra.version = NFNETLINK_V0;
  std::vector<std::uint8_t> out(header.nlmsg_len);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &extra, sizeof extra);
  std::copy(body.begin(), body.end(), out.begin() + kFlowHeaderBytes);
  return out;
}

void put_16(std::vector<std::uint8_t>& out, std::uint16_t type, std::uint16_t value) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 8),
                                static_cast<std::uint8_t>(value & 0xff)};
  put_attribute(out, type, bytes);
}

void put_8(std::vector<std::uint8_t>& out, std::uint16_t type, std::uint8_t value) {
  put_attribute(out, type, {&value, 1});
}

std::vector<std::uint8_t> tuple_bytes(const FlowTuple& tuple) {
  const bool is_v4 = tuple.source.family == Family::ipv4;
  const std::size_t bytes = is_v4 ? 4 : 16;
  std::vector<std::uint8_t> ip, proto, out;
  put_attribute(ip, is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
                ByteSpan(tuple.source.bytes).first(bytes));
  put_attribute(ip, is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST,
                ByteSpan(tuple.destination.bytes).first(bytes));
  put_8(proto, CTA_PROTO_NUM, tuple.protocol);
  if (tuple.protocol == kIcmp || tuple.protocol == kIcmpv6) {
    const bool is_icmp = tuple.protocol == kIcmp;
    put_16(proto, is_icmp ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, tuple.source_port);
    put_8(proto, is_icmp ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE,
          static_cast<std::uint8_t>(tuple.destination_port));
    put_8(proto, is_icmp ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, tuple.icmp_code);
  } else {
    put_16(proto, CTA_PROTO_SRC_PORT, tuple.source_port);
    put_16(proto, CTA_PROTO_DST_PORT, tuple.destination_port);
  }
  put_attribute(out, nested_type(CTA_TUPLE_IP), ip);
  put_attribute(out, nested_type(CTA_TUPLE_PROTO), proto);
  return out;
}

std::string protocol_text(std::uint8_t protocol) {
  switch (protocol) {
    case kIcmp:
      return "icmp";
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case kIcmpv6:
      return "icmpv6";
    default:
      return fmt::format("proto/{}", protocol);
  }
}

std::string end_text(const FlowTuple& tuple, const IpAddress& address, std::uint16_t port) {
  const bool has_port = tuple.protocol != kIcmp && tuple.protocol != kIcmpv6 && port != 0;
  return has_port ? base::to_string(base::IpEndpoint{address, port}) : base::to_string(address);
}

}  // namespace

std::string to_string(const Flow& flow) {
  const FlowTuple& tuple = flow.original;
  std::string text = fmt::format("{} {} -> {}", protocol_text(tuple.protocol),
                                 end_text(tuple, tuple.source, tuple.source_port),
                                 end_text(tuple, tuple.destination, tuple.destination_port));
  const bool is_turned = flow.reply.source != tuple.destination;
  if (is_turned)
    text +=
        fmt::format(" (to {})", end_text(flow.reply, flow.reply.source, flow.reply.source_port));
  return text;
}

std::optional<Flow> decode_flow(const Reply& reply) {
  if (reply.is_nftables || reply.type != conntrack_type(IPCTNL_MSG_CT_NEW) ||
      reply.body.size() < sizeof(nfgenmsg))
    return std::nullopt;
  const ByteSpan body = reply.body.subspan(sizeof(nfgenmsg));
  const auto original = read_tuple(value_of(body, CTA_TUPLE_ORIG));
  const auto back = read_tuple(value_of(body, CTA_TUPLE_REPLY));
  if (!original || !back) return std::nullopt;
  const std::uint32_t status = read_be32(value_of(body, CTA_STATUS));
  Flow flow{*original, *back};
  flow.has_reply = (status & IPS_SEEN_REPLY) != 0;
  flow.is_expected = (status & IPS_EXPECTED) != 0;
  flow.is_closed = is_closed_tcp(body);
  flow.zone = read_be16(value_of(body, CTA_ZONE));
  flow.id = read_be32(value_of(body, CTA_ID));
  return flow;
}

std::vector<std::uint8_t> ask_for_flows(std::uint32_t sequence) {
  return message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC, sequence, {});
}

std::vector<std::uint8_t> remove_flow(const Flow& flow, std::uint32_t sequence) {
  std::vector<std::uint8_t> body;
  put_attribute(body, nested_type(CTA_TUPLE_ORIG), tuple_bytes(flow.original));
  const std::uint8_t id[] = {
      static_cast<std::uint8_t>(flow.id >> 24), static_cast<std::uint8_t>(flow.id >> 16),
      static_cast<std::uint8_t>(flow.id >> 8), static_cast<std::uint8_t>(flow.id)};
  put_attribute(body, CTA_ID, id);
  if (flow.zone != 0) put_16(body, CTA_ZONE, flow.zone);
  const std::uint8_t family = flow.original.source.family == Family::ipv4 ? AF_INET : AF_INET6;
  return message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, sequence, body);
}

}  // namespace ravelin::firewall
