#include "firewall/kernel/trace.h"

#include "firewall/kernel/encode_statements.h"
#include "firewall/kernel/errors.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/nftnl_handles.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr std::int32_t kBeforeAll = -350;

std::string trace_table_name() {
  return std::string(kTraceTableName);
}

void put_table(Batch& batch) {
  const TablePtr table(nftnl_table_alloc());
  CHECK(table != nullptr);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, NFPROTO_INET);
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, trace_table_name().c_str());
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, kTableOwner);
  nftnl_table_nlmsg_build_payload(batch.start(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, 0),
                                  table.get());
  batch.finish();
}

void put_chain(Batch& batch, const char* name, std::uint32_t hook) {
  const ChainPtr chain(nftnl_chain_alloc());
  CHECK(chain != nullptr);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_FAMILY, NFPROTO_INET);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, trace_table_name().c_str());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, kBeforeAll);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  nftnl_chain_nlmsg_build_payload(batch.start(NFT_MSG_NEWCHAIN, NLM_F_CREATE, 0), chain.get());
  batch.finish();
}

Result<> put_rules(Batch& batch, const char* chain, const std::vector<Rule>& rules) {
  for (Rule rule : rules) {
    rule.statements.emplace_back(Trace{});
    const auto made = make_rule(chain, rule);
    if (!made) return made.error();
    nftnl_rule_set_str(made->get(), NFTNL_RULE_TABLE, trace_table_name().c_str());
    nftnl_rule_nlmsg_build_payload(batch.start(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, 0),
                                   made->get());
    batch.finish();
  }
  return {};
}

std::string traced_family(std::uint32_t family) {
  if (family == NFPROTO_IPV4) return "ip";
  if (family == NFPROTO_IPV6) return "ip6";
  return family == NFPROTO_INET ? "inet" : fmt::format("family {}", family);
}

std::string verdict_text(std::int32_t code, const std::string& chain) {
  switch (code) {
    case NF_DROP:
      return "drop";
    case NF_ACCEPT:
      return "accept";
    case NFT_CONTINUE:
      return "continue";
    case NFT_JUMP:
      return "jump " + chain;
    case NFT_GOTO:
      return "goto " + chain;
    case NFT_RETURN:
      return "return";
    default:
      return fmt::format("verdict {}", code);
  }
}

}  // namespace

std::optional<TraceStep> decode_trace(const Reply& reply) {
  if (!reply.is_nftables || reply.type != NFT_MSG_TRACE) return std::nullopt;
  TraceStep step;
  step.packet = read_be32(value_of(reply.body, NFTA_TRACE_ID));
  step.family = traced_family(reply.family);
  step.table = read_text(value_of(reply.body, NFTA_TRACE_TABLE));
  step.chain = read_text(value_of(reply.body, NFTA_TRACE_CHAIN));
  step.handle = read_be64(value_of(reply.body, NFTA_TRACE_RULE_HANDLE));
  if (step.table.empty() || step.chain.empty()) return std::nullopt;
  if (read_be32(value_of(reply.body, NFTA_TRACE_TYPE)) == NFT_TRACETYPE_POLICY) {
    const auto policy =
        static_cast<std::int32_t>(read_be32(value_of(reply.body, NFTA_TRACE_POLICY)));
    step.verdict = "policy " + verdict_text(policy, {});
    return step;
  }
  const ByteSpan verdict = value_of(reply.body, NFTA_TRACE_VERDICT);
  step.verdict =
      verdict_text(static_cast<std::int32_t>(read_be32(value_of(verdict, NFTA_VERDICT_CODE))),
                   read_text(value_of(verdict, NFTA_VERDICT_CHAIN)));
  return step;
}

Result<PacketTrace> PacketTrace::start(const std::vector<Rule>& incoming,
                                       const std::vector<Rule>& outgoing) {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  auto events = NetlinkSocket::open();
  if (!events) return events.error();
  if (auto joined = events->join(NFNLGRP_NFTRACE); !joined) return joined.error();
  Channel owner(std::move(*socket));
  Batch batch(owner.sequence(), {});
  put_table(batch);
  put_chain(batch, "incoming", NF_INET_PRE_ROUTING);
  put_chain(batch, "outgoing", NF_INET_LOCAL_OUT);
  if (auto put = put_rules(batch, "incoming", incoming); !put) return put.error();
  if (auto put = put_rules(batch, "outgoing", outgoing); !put) return put.error();
  batch.end(Batch::Ack::none);
  const auto outcome = owner.transact(batch);
  if (!outcome) return outcome.error();
  if (!outcome->errors.empty()) {
    const int number = outcome->errors.front().number;
    if (number == EEXIST || number == EPERM)
      return fail(number == EEXIST ? Errc::conflict : Errc::denied,
                  "table inet {} is there already, or may not be made: only one traces at a time",
                  kTraceTableName);
    return fail_number(number, "making the table that marks packets");
  }
  return PacketTrace(std::move(owner), std::move(*events));
}

Result<std::optional<TraceStep>> PacketTrace::next(std::chrono::steady_clock::time_point until) {
  while (waiting_.empty()) {
    const auto ready = events_.wait_until(until);
    if (!ready) return ready.error();
    if (!*ready) return std::optional<TraceStep>();
    const auto datagram = events_.receive(NetlinkSocket::Wait::no);
    if (!datagram) return datagram.error();
    if (datagram->kind != NetlinkSocket::Datagram::Kind::bytes) continue;
    const auto replies = split_replies(datagram->bytes);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      if (auto step = decode_trace(reply)) waiting_.insert(waiting_.begin(), std::move(*step));
    }
  }
  std::optional<TraceStep> step = std::move(waiting_.back());
  waiting_.pop_back();
  return step;
}

}  // namespace ravelin::firewall
