#include "firewall/kernel/foreign.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr int kAttemptsMax = 8;
constexpr std::size_t kChainsMax = 65'536;
constexpr std::size_t kInterfacesMax = 1'024;
constexpr std::uint8_t kEveryFamily = NFPROTO_UNSPEC;
constexpr std::uint16_t kTargetName = 1;  // linux/netfilter/nf_tables_compat.h: NFTA_TARGET_NAME

std::string family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_NETDEV:
      return "netdev";
    case NFPROTO_BRIDGE:
      return "bridge";
    default:
      return fmt::format("family {}", family);
  }
}

std::string hook_name(std::uint8_t family, std::uint32_t number) {
  constexpr const char* kHooks[] = {"prerouting", "input",       "forward",
                                    "output",     "postrouting", "ingress"};
  if (family == NFPROTO_NETDEV) return number == 0 ? "ingress" : "egress";
  if (family == NFPROTO_ARP) return number == 0 ? "input" : "output";
  return number < std::size(kHooks) ? kHooks[number] : fmt::format("hook {}", number);
}

bool is_ours(const Reply& reply, std::string_view table) {
  return reply.family == NFPROTO_INET && (table == kTableName || table == kTraceTableName);
}

// One expression of a rule that may end in a drop for everyone.
enum class Sort { silent, drop, other };

Sort sort_of(std::string_view name, ByteSpan data) {
  if (name == "counter" || name == "log") return Sort::silent;
  if (name == "reject") return Sort::drop;
  if (name == "target")
    return read_text(value_of(data, kTargetName)) == "REJECT" ? Sort::drop : Sort::other;
  if (name != "immediate") return Sort::other;
  const ByteSpan verdict = value_of(value_of(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
  const ByteSpan code = value_of(verdict, NFTA_VERDICT_CODE);
  return code.size() == 4 && read_be32(code) == NF_DROP ? Sort::drop : Sort::other;
}

// Walks a rule's expressions.
void read_expressions(ByteSpan expressions, ForeignRule& rule) {
  bool is_for_all = true;
  constexpr std::uint32_t kNothing = NFT_META_LEN;  // any that is not asked about
  std::uint32_t loaded = kNothing;                  // by the expression before
  AttributeWalk walk(expressions);
  while (const auto expression = walk.next()) {
    const std::string name = read_text(value_of(expression->value, NFTA_EXPR_NAME));
    const ByteSpan data = value_of(expression->value, NFTA_EXPR_DATA);
    const Sort sort = sort_of(name, data);
    if (sort == Sort::other) is_for_all = false;
    if (sort == Sort::drop) rule.is_final_drop = is_for_all;
    if (name == "cmp" && (loaded == NFT_META_IIFNAME || loaded == NFT_META_OIFNAME) &&
        read_be32(value_of(data, NFTA_CMP_OP)) == NFT_CMP_EQ) {
      const ByteSpan text = value_of(value_of(data, NFTA_CMP_DATA), NFTA_DATA_VALUE);
      std::string interface = read_text(text);
      if (interface.size() < text.size() && !interface.empty())  // else only the start of a name
        rule.interfaces.push_back(std::move(interface));
    }
    loaded = name == "meta" ? read_be32(value_of(data, NFTA_META_KEY)) : kNothing;
  }
}

using Place = std::tuple<std::string, std::string, std::string>;  // family, table, chain

class Reading {
 public:
  void take_chain(const Reply& reply) {
    auto message = decode_foreign_chain(reply);
    if (!message) return;
    ForeignChain& chain = message->chain;
    if (std::string program = program_of(chain.table, chain.name); !program.empty())
      programs_[{chain.family, chain.table}].insert(std::move(program));
    if (!message->is_base || found_.chains.size() >= kChainsMax) return;
    places_[{chain.family, chain.table, chain.name}] = found_.chains.size();
    found_.chains.push_back(std::move(chain));
  }

  void take_rule(const Reply& reply) {
    const auto rule = decode_foreign_rule(reply);
    if (!rule) return;
    if (const auto place = places_.find({rule->family, rule->table, rule->chain});
        place != places_.end()) {
      ForeignChain& chain = found_.chains[place->second];
      ++chain.rules;
      chain.drops_at_end = rule->is_final_drop;
    }
    const std::string program = program_of(rule->table, rule->chain);
    if (program != "docker" && program != "libvirt" && program != "podman") return;
    for (const std::string& interface : rule->interfaces) {
      if (interface != "lo" && forwards_.size() < kInterfacesMax)
        forwards_.insert({program, interface});
    }
  }

  ForeignRuleset finish() && {
    for (ForeignChain& chain : found_.chains) {
      const auto& programs = programs_[{chain.family, chain.table}];
      chain.programs.assign(programs.begin(), programs.end());
    }
    found_.forwards.assign(forwards_.begin(), forwards_.end());
    return std::move(found_);
  }

 private:
  ForeignRuleset found_;
  std::map<Place, std::size_t> places_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> programs_;
  std::set<ForeignForward> forwards_;
};

Result<ForeignRuleset> read_once(Channel& channel) {
  const auto generation = channel.generation();
  if (!generation) return generation.error();
  Reading reading;
  auto read = channel.dump(
      NFT_MSG_GETCHAIN, {}, *generation, [&](const Reply& reply) { reading.take_chain(reply); },
      kEveryFamily);
  if (!read) return read.error();
  read = channel.dump(
      NFT_MSG_GETRULE, {}, *generation, [&](const Reply& reply) { reading.take_rule(reply); },
      kEveryFamily);
  if (!read) return read.error();
  return std::move(reading).finish();
}

}  // namespace

std::optional<ForeignChainMessage> decode_foreign_chain(const Reply& reply) {
  if (!reply.is_nftables || reply.type != NFT_MSG_NEWCHAIN) return std::nullopt;
  ForeignChainMessage message;
  ForeignChain& chain = message.chain;
  chain.table = read_text(value_of(reply.body, NFTA_CHAIN_TABLE));
  chain.name = read_text(value_of(reply.body, NFTA_CHAIN_NAME));
  if (chain.table.empty() || chain.name.empty() || is_ours(reply, chain.table)) return std::nullopt;
  chain.family = family_name(reply.family);
  const auto hook = find_attribute(reply.body, NFTA_CHAIN_HOOK);
  message.is_base = hook.has_value();
  if (!hook) return message;
  chain.hook = hook_name(reply.family, read_be32(value_of(*hook, NFTA_HOOK_HOOKNUM)));
  chain.priority = static_cast<std::int32_t>(read_be32(value_of(*hook, NFTA_HOOK_PRIORITY)));
  chain.type = read_text(value_of(reply.body, NFTA_CHAIN_TYPE));
  const ByteSpan policy = value_of(reply.body, NFTA_CHAIN_POLICY);
  chain.drops_by_policy = policy.size() == 4 && read_be32(policy) == NF_DROP;
  return message;
}

std::optional<ForeignRule> decode_foreign_rule(const Reply& reply) {
  if (!reply.is_nftables || reply.type != NFT_MSG_NEWRULE) return std::nullopt;
  ForeignRule rule;
  rule.table = read_text(value_of(reply.body, NFTA_RULE_TABLE));
  rule.chain = read_text(value_of(reply.body, NFTA_RULE_CHAIN));
  if (rule.table.empty() || rule.chain.empty() || is_ours(reply, rule.table)) return std::nullopt;
  rule.family = family_name(reply.family);
  read_expressions(value_of(reply.body, NFTA_RULE_EXPRESSIONS), rule);
  return rule;
}

std::string program_of(std::string_view table, std::string_view chain) {
  struct Sign {
    std::string_view table, chain;  // what the names begin with
    const char* program;
  };

  constexpr Sign kSigns[] = {
      {"", "ufw-", "ufw"},
      {"", "ufw6-", "ufw"},
      {"", "DOCKER", "docker"},
      {"docker-", "", "docker"},
      {"firewalld", "", "firewalld"},
      {"", "LIBVIRT_", "libvirt"},
      {"libvirt_", "", "libvirt"},
      {"netavark", "", "podman"},
      {"", "NETAVARK", "podman"},
      {"", "KUBE-", "kubernetes"},
      {"kube-proxy", "", "kubernetes"},
  };
  for (const Sign& sign : kSigns) {
    if (table.starts_with(sign.table) && chain.starts_with(sign.chain)) return sign.program;
  }
  const bool is_iptables_table = table == "filter" || table == "nat" || table == "mangle" ||
                                 table == "raw" || table == "security";
  const bool is_iptables_chain = chain == "INPUT" || chain == "FORWARD" || chain == "OUTPUT" ||
                                 chain == "PREROUTING" || chain == "POSTROUTING";
  return is_iptables_table && is_iptables_chain ? "iptables" : "";
}

Result<ForeignRuleset> read_foreign(Channel& channel) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto read = read_once(channel);
    if (read || read.error().code != Errc::conflict) return read;
  }
  return fail(Errc::conflict, "the ruleset changed each of {} times it was read", kAttemptsMax);
}

}  // namespace ravelin::firewall
