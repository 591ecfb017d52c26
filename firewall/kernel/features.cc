#include "firewall/kernel/features.h"

#include "firewall/kernel/encode_objects.h"
#include "firewall/kernel/encode_statements.h"
#include "firewall/kernel/errors.h"
#include "firewall/kernel/nf_tables_constants.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

// Never made: the batch that names it has no end.
constexpr const char* kProbeTable = "ravelin_probe";
constexpr const char* kOwnedProbeTable = "ravelin_probe_owned";

struct Probe {
  const char* chain;
  const char* words;
  Statement statement;
};

std::vector<Probe> probes() {
  const base::IpAddress address{base::Family::ipv4, {192, 0, 2, 1}};
  return {
      {"input", "ct state (connection tracking)",
       Match{Field::ct_state, Comparison::has_any, {2, 0, 0, 0}}},
      {"input", "fib (whether an address is ours, where a route leads)",
       Match{Field::fib_daddr_type, Comparison::equal, {2, 0, 0, 0}}},
      {"input", "limit (rates)", Limit{}},
      {"input", "ct count (connections of a source)", ConnectionLimit{}},
      {"input", "log", Log{"probe", {}, 0}},
      {"input", "log group (nflog)", Log{"probe", 1, 0}},
      {"input", "numgen (samples)", Sample{2}},
      {"input", "reject", Reject{}},
      {"output", "socket cgroupv2 (which service sends)",
       Match{Field::socket_cgroup, Comparison::equal, Bytes(8), 0, 1}},
      {"input", "meta hour (times of day)", MatchRange{Field::hour, false, Bytes(4), {0, 0, 0, 1}}},
      {"prerouting", "notrack", NoTrack{}},
      {"input", "synproxy (handshakes answered with cookies)", Synproxy{}},
      {"dnat", "dnat", Nat{Nat::Kind::dnat, address, {}}},
      {"dnat", "redirect", Redirect{}},
      {"snat", "snat", Nat{Nat::Kind::snat, address, {}}},
      {"snat", "masquerade", Masquerade{}},
  };
}

std::vector<Chain> probe_chains() {
  using Type = Hook::Type;
  using Point = Hook::Point;
  return {{"input", Hook{Type::filter, Point::input}, {}, {}},
          {"output", Hook{Type::filter, Point::output}, {}, {}},
          {"prerouting", Hook{Type::filter, Point::prerouting, -300}, {}, {}},
          {"dnat", Hook{Type::nat, Point::prerouting, -100}, {}, {}},
          {"snat", Hook{Type::nat, Point::postrouting, 100}, {}, {}}};
}

void put_table(Batch& batch, const char* name, std::uint32_t flags) {
  TablePtr table(nftnl_table_alloc());
  CHECK(table != nullptr);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, NFPROTO_INET);
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, flags);
  nftnl_table_nlmsg_build_payload(batch.start(NFT_MSG_NEWTABLE, NLM_F_CREATE, 0), table.get());
  batch.finish();
}

void put_chain(Batch& batch, const Chain& chain) {
  ChainPtr out(nftnl_chain_alloc());
  CHECK(out != nullptr);
  nftnl_chain_set_u32(out.get(), NFTNL_CHAIN_FAMILY, NFPROTO_INET);
  nftnl_chain_set_str(out.get(), NFTNL_CHAIN_TABLE, kProbeTable);
  nftnl_chain_set_str(out.get(), NFTNL_CHAIN_NAME, chain.name.c_str());
  nftnl_chain_set_str(out.get(), NFTNL_CHAIN_TYPE,
                      chain.hook->type == Hook::Type::nat ? "nat" : "filter");
  nftnl_chain_set_u32(out.get(), NFTNL_CHAIN_HOOKNUM,
                      static_cast<std::uint32_t>(chain.hook->point));
  nftnl_chain_set_s32(out.get(), NFTNL_CHAIN_PRIO, chain.hook->priority);
  nftnl_chain_nlmsg_build_payload(batch.start(NFT_MSG_NEWCHAIN, NLM_F_CREATE, 0), out.get());
  batch.finish();
}

void put_rule(Batch& batch, const Probe& probe) {
  const auto rule = make_rule(probe.chain, Rule{{probe.statement}, {}, {}});
  CHECK(rule.has_value());
  nftnl_rule_set_str(rule->get(), NFTNL_RULE_TABLE, kProbeTable);
  nftnl_rule_nlmsg_build_payload(batch.start(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, 0),
                                 rule->get());
  batch.finish();
}

bool has_error(const Outcome& outcome, std::uint32_t sequence) {
  return std::any_of(outcome.errors.begin(), outcome.errors.end(),
                     [&](const KernelError& error) { return error.sequence == sequence; });
}

Result<> check_whole(const Outcome& outcome, const Batch& batch) {
  for (const KernelError& error : outcome.errors) {
    if (error.sequence != batch.first_sequence()) continue;
    if (error.number == EPERM)
      return fail(Errc::denied, "changing the ruleset needs CAP_NET_ADMIN in this namespace");
    return fail_number(error.number, "asking the kernel what it can do");
  }
  return {};
}

// One batch without an end: every message that fails says so, and nothing happens.
Result<> probe_objects(Channel& channel, Features& features) {
  Batch batch(channel.sequence(), {});
  const std::uint32_t owned = batch.next_sequence();
  put_table(batch, kOwnedProbeTable, kTableOwner | kTablePersist);
  put_table(batch, kProbeTable, 0);
  for (const Chain& chain : probe_chains())
    put_chain(batch, chain);
  const std::uint32_t first_rule = batch.next_sequence();
  const std::vector<Probe> all = probes();
  for (const Probe& probe : all)
    put_rule(batch, probe);
  const auto outcome = channel.transact(batch);
  if (!outcome) return outcome.error();
  if (auto whole = check_whole(*outcome, batch); !whole) return whole;
  features.owned_table = !has_error(*outcome, owned);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (has_error(*outcome, first_rule + static_cast<std::uint32_t>(i)))
      features.missing.emplace_back(all[i].words);
  return {};
}

// An empty transaction: nothing is committed.
Result<> probe_ack(Channel& channel, Features& features) {
  Batch batch(channel.sequence(), {});
  batch.end(Batch::Ack::wanted);
  const auto outcome = channel.transact(batch);
  if (!outcome) return outcome.error();
  if (auto whole = check_whole(*outcome, batch); !whole) return whole;
  features.batch_ack = outcome->is_acknowledged;
  return {};
}

}  // namespace

Result<Features> probe(Channel& channel, const std::vector<Feature>& hidden) {
  Features features;
  if (auto probed = probe_objects(channel, features); !probed) return probed.error();
  if (auto probed = probe_ack(channel, features); !probed) return probed.error();
  for (const Feature feature : hidden) {
    if (feature == Feature::owned_table) features.owned_table = false;
    if (feature == Feature::batch_ack) features.batch_ack = false;
  }
  return features;
}

}  // namespace ravelin::firewall
