#include "firewall/kernel/replies.h"

#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/userdata.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

template <class T>
T read_struct(ByteSpan bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Reply make_reply(const nlmsghdr& header, ByteSpan payload) {
  Reply reply;
  reply.type = header.nlmsg_type;
  reply.flags = header.nlmsg_flags;
  reply.sequence = header.nlmsg_seq;
  reply.body = payload;
  if (NFNL_SUBSYS_ID(header.nlmsg_type) != NFNL_SUBSYS_NFTABLES) return reply;
  if (payload.size() < sizeof(nfgenmsg)) return reply;
  const auto extra = read_struct<nfgenmsg>(payload);
  reply.type = NFNL_MSG_TYPE(header.nlmsg_type);
  reply.generation = ntohs(extra.res_id);
  reply.family = extra.nfgen_family;
  reply.is_nftables = true;
  reply.body = payload.subspan(sizeof(nfgenmsg));
  return reply;
}

// Tables, sets, chains and rules name their table in their first attribute.
bool is_ours(const Reply& reply, std::uint16_t type) {
  constexpr int kFirst = NFTA_TABLE_NAME;
  static_assert(int{NFTA_SET_TABLE} == kFirst && int{NFTA_CHAIN_TABLE} == kFirst &&
                int{NFTA_RULE_TABLE} == kFirst && int{NFTA_SET_ELEM_LIST_TABLE} == kFirst);
  if (!reply.is_nftables || reply.type != type || reply.family != NFPROTO_INET) return false;
  const auto table = find_attribute(reply.body, NFTA_TABLE_NAME);
  return table && read_text(*table) == kTableName;
}

std::optional<std::string> name_in(const Reply& reply, std::uint16_t message, std::uint16_t type) {
  if (!is_ours(reply, message)) return std::nullopt;
  std::string name = read_text(value_of(reply.body, type));
  if (name.empty()) return std::nullopt;
  return name;
}

void read_counter(ByteSpan expressions, RuleCount& out) {
  AttributeWalk walk(expressions);
  while (const auto expression = walk.next()) {
    if (read_text(value_of(expression->value, NFTA_EXPR_NAME)) != "counter") continue;
    const ByteSpan data = value_of(expression->value, NFTA_EXPR_DATA);
    out.packets = read_be64(value_of(data, NFTA_COUNTER_PACKETS));
    out.bytes = read_be64(value_of(data, NFTA_COUNTER_BYTES));
    return;
  }
}

}  // namespace

Result<std::vector<Reply>> split_replies(ByteSpan datagram) {
  std::vector<Reply> replies;
  while (!datagram.empty()) {
    if (datagram.size() < sizeof(nlmsghdr))
      return fail(Errc::protocol, "an answer of the kernel ends within a header");
    const auto header = read_struct<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size())
      return fail(Errc::protocol, "an answer of the kernel ends within a message");
    replies.push_back(
        make_reply(header, datagram.subspan(sizeof header, header.nlmsg_len - sizeof header)));
    datagram = datagram.subspan(std::min(align_netlink(header.nlmsg_len), datagram.size()));
  }
  return replies;
}

std::optional<KernelError> decode_error(const Reply& reply) {
  if (reply.is_nftables || reply.type != NLMSG_ERROR || reply.body.size() < sizeof(nlmsgerr))
    return std::nullopt;
  const auto answer = read_struct<nlmsgerr>(reply.body);
  KernelError error;
  error.sequence = reply.sequence;
  // The kernel sends numbers from -4095 to 0.
  error.number = answer.error > 0 || answer.error < -4095 ? EPROTO : -answer.error;
  if ((reply.flags & NLM_F_ACK_TLVS) == 0) return error;
  // Unless capped, the message it is about stands in front of the attributes.
  std::size_t skipped = sizeof answer;
  if ((reply.flags & NLM_F_CAPPED) == 0 && answer.msg.nlmsg_len > sizeof(nlmsghdr))
    skipped += align_netlink(answer.msg.nlmsg_len - sizeof(nlmsghdr));
  if (skipped >= reply.body.size()) return error;
  const ByteSpan attributes = reply.body.subspan(skipped);
  error.offset = read_host32(value_of(attributes, kErrorOffset));
  error.text = read_text(value_of(attributes, kErrorMessage));
  return error;
}

std::optional<Generation> decode_generation(const Reply& reply) {
  if (!reply.is_nftables || reply.type != NFT_MSG_NEWGEN) return std::nullopt;
  const auto id = find_attribute(reply.body, NFTA_GEN_ID);
  if (!id || id->size() != sizeof(Generation)) return std::nullopt;
  return read_be32(*id);
}

std::optional<LiveTable> decode_table(const Reply& reply) {
  if (!is_ours(reply, NFT_MSG_NEWTABLE)) return std::nullopt;
  LiveTable table;
  table.comment = comment_in(value_of(reply.body, NFTA_TABLE_USERDATA));
  table.flags = read_be32(value_of(reply.body, NFTA_TABLE_FLAGS));
  table.owner_port = read_be32(value_of(reply.body, NFTA_TABLE_OWNER));
  return table;
}

std::optional<std::string> decode_set_name(const Reply& reply) {
  return name_in(reply, NFT_MSG_NEWSET, NFTA_SET_NAME);
}

std::optional<std::string> decode_chain_name(const Reply& reply) {
  return name_in(reply, NFT_MSG_NEWCHAIN, NFTA_CHAIN_NAME);
}

std::optional<SetShape> decode_set_shape(const Reply& reply) {
  if (!decode_set_name(reply)) return std::nullopt;
  SetShape shape;
  shape.key_bytes = read_be32(value_of(reply.body, NFTA_SET_KEY_LEN));
  shape.flags = read_be32(value_of(reply.body, NFTA_SET_FLAGS));
  shape.key_type = read_be32(value_of(reply.body, NFTA_SET_KEY_TYPE));
  if (shape.key_bytes == 0 || shape.key_bytes > kKeyBytesMax) return std::nullopt;
  return shape;
}

std::optional<RuleCount> decode_rule(const Reply& reply) {
  if (!is_ours(reply, NFT_MSG_NEWRULE)) return std::nullopt;
  RuleCount rule;
  rule.chain = read_text(value_of(reply.body, NFTA_RULE_CHAIN));
  rule.comment = comment_in(value_of(reply.body, NFTA_RULE_USERDATA));
  rule.handle = read_be64(value_of(reply.body, NFTA_RULE_HANDLE));
  read_counter(value_of(reply.body, NFTA_RULE_EXPRESSIONS), rule);
  return rule;
}

std::optional<Kernel::Found> decode_element(const Reply& reply) {
  if (!is_ours(reply, NFT_MSG_NEWSETELEM)) return std::nullopt;
  AttributeWalk elements(value_of(reply.body, NFTA_SET_ELEM_LIST_ELEMENTS));
  const auto element = elements.next();
  if (!element) return std::nullopt;
  Kernel::Found found;
  const auto expires = find_attribute(element->value, NFTA_SET_ELEM_EXPIRATION);
  if (expires && expires->size() == 8)
    found.expires = std::chrono::milliseconds(
        static_cast<std::int64_t>(read_be64(*expires) & 0x7fffffffffffffff));
  return found;
}

}  // namespace ravelin::firewall
