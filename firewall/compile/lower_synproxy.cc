// While a host is overloaded, handshakes are answered with cookies, before conntrack and before
// anything is kept of a client: what a flood with invented sources sends costs an answer each, and
// no more. The rules see the packet that is to bring the cookie back, as the first of its
// connection; behind them the cookie is looked at, and the kernel makes the handshake with this
// host in the client's place, over lo.
//
//   syn_pre  prerouting -299   the first packet, of a port in the set: not for conntrack
//   input    0                 ... answered, once the banned are gone
//   output   0                 the answer leaves
//   syn_in   input 1           the cookie, of who has passed the rules: it is a connection now
#include "firewall/compile/lowering.h"

#include <initializer_list>

namespace ravelin::firewall {
namespace {

constexpr std::int32_t kBehindRaw = -299;
constexpr std::int32_t kBehindInput = 1;
constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;
constexpr std::uint32_t kInvalidState = 1, kNewState = 8, kUntracked = 64;  // of ct state
constexpr std::uint32_t kConfirmed = 8;  // of ct status: IPS_CONFIRMED
constexpr std::uint32_t kLocal = 2;      // RTN_LOCAL
constexpr std::uint8_t kIpv4 = 2;
constexpr std::uint16_t kIpv6Longer = 20;  // bytes of its header

Match has_any(Field field, Bytes bits) {
  return {field, Comparison::has_any, std::move(bits)};
}

Match has_none(Field field, Bytes bits) {
  return {field, Comparison::has_none, std::move(bits)};
}

Lookup port_in(std::string_view set) {
  return {{{Field::tcp_dport, 0}}, std::string(set)};
}

using Statements = std::vector<Statement>;

Statements first_packet() {
  return {has_any(Field::tcp_flags, {kSyn}), has_none(Field::tcp_flags, {kFin | kRst | kAck}),
          port_in(set_names::kSynproxy)};
}

// What may bring one back: a packet like any other of a connection.
Statements cookie() {
  return {has_any(Field::tcp_flags, {kAck}), has_none(Field::tcp_flags, {kFin | kSyn | kRst}),
          port_in(set_names::kSynproxyAck)};
}

// The cookie was taken, but this host has not answered yet: the client asks whether it may send,
// and that is when the kernel tries this host once more (ipv4_synproxy_hook, the state SYN_SENT).
Statements asks_again() {
  return {has_any(Field::ct_state, host_order(kNewState)),
          has_any(Field::ct_status, host_order(kConfirmed))};
}

// A rule of these statements one behind the other.
void add(Chain& chain, const base::SourcePos& pos, std::initializer_list<Statements> parts) {
  Rule rule{{}, provenance(pos, "synproxy"), pos};
  for (const Statements& part : parts)
    rule.statements.insert(rule.statements.end(), part.begin(), part.end());
  chain.rules.push_back(std::move(rule));
}

// The answers of either family.
Chain answers(Lowering& lowering, const policies::Synproxy& proxy, const base::SourcePos& pos) {
  Chain chain{.name = lowering.name("syn_answer")};
  const policies::TcpOffer& offer = proxy.offer;
  Synproxy answer{proxy.mss, offer.window_scale, offer.has_timestamps, offer.has_sack};
  chain.rules.push_back({{Match{Field::nfproto, Comparison::equal, {kIpv4}}, Counter{}, answer},
                         provenance(pos, "synproxy"),
                         pos});
  answer.mss = static_cast<std::uint16_t>(answer.mss - kIpv6Longer);
  chain.rules.push_back({{Counter{}, answer}, provenance(pos, "synproxy"), pos});
  return chain;
}

Chain proxy_chain(Lowering& lowering, std::string_view name, Hook::Point point,
                  std::int32_t priority) {
  Chain chain{.name = lowering.name(name)};
  chain.hook = Hook{Hook::Type::filter, point, priority, Hook::Policy::accept};
  chain.rules.push_back({{interface_match(Field::iifname, "lo"), accept()}, {}, {}});
  return chain;
}

// Of what is for this host alone: what it hands on to others is theirs to answer. The kernel finds
// no way back to link-local addresses, which need an interface.
Chain before_conntrack(Lowering& lowering, const base::SourcePos& pos) {
  Chain chain = proxy_chain(lowering, "syn_pre", Hook::Point::prerouting, kBehindRaw);
  const base::IpPrefix link_local = *base::parse_prefix("fe80::/10");
  const Match is_link_local{Field::ip6_saddr, Comparison::equal, address_bytes(link_local.address),
                            static_cast<std::uint8_t>(link_local.length)};
  chain.rules.push_back({{is_link_local, accept()}, {}, {}});
  const Match is_local{Field::fib_daddr_type, Comparison::equal, host_order(kLocal)};
  add(chain, pos, {first_packet(), {is_local, NoTrack{}}});
  return chain;
}

Chain behind_the_rules(Lowering& lowering, const base::SourcePos& pos, const std::string& answers) {
  Chain chain = proxy_chain(lowering, "syn_in", Hook::Point::input, kBehindInput);
  add(chain, pos, {asks_again(), {accept()}});
  const Match is_first = has_any(Field::ct_state, host_order(kInvalidState | kNewState));
  add(chain, pos, {{is_first}, cookie(), {go_to(answers)}});
  return chain;
}

}  // namespace

bool has_synproxy(const Lowering& lowering) {
  return lowering.policy.overload && lowering.policy.overload->synproxy;
}

void append_synproxy(Lowering& lowering, Chain& input) {
  if (!has_synproxy(lowering)) return;
  const policies::Synproxy& proxy = *lowering.policy.overload->synproxy;
  const base::SourcePos& pos = lowering.policy.overload->pos;
  lowering.add_port_set(set_names::kSynproxy, proxy.ports.size());
  lowering.add_port_set(set_names::kSynproxyAck, proxy.ports.size());
  Chain answering = answers(lowering, proxy, pos);
  const Match is_untracked = has_any(Field::ct_state, host_order(kUntracked));
  add(input, pos, {{is_untracked}, first_packet(), {jump_to(answering.name)}});
  add(input, pos, {asks_again(), cookie(), {accept()}});
  lowering.add_chain(before_conntrack(lowering, pos));
  lowering.add_chain(behind_the_rules(lowering, pos, answering.name));
  lowering.add_chain(std::move(answering));
}

// Conntrack has not seen what is answered here, so it cannot place the answer.
void append_synproxy_answers(const Lowering& lowering, Chain& output) {
  if (!has_synproxy(lowering)) return;
  const base::SourcePos& pos = lowering.policy.overload->pos;
  add(output, pos,
      {{has_any(Field::tcp_flags, {kSyn}), has_any(Field::tcp_flags, {kAck}),
        has_none(Field::tcp_flags, {kFin | kRst}),
        has_any(Field::ct_state, host_order(kInvalidState)),
        Lookup{{{Field::tcp_sport, 0}}, std::string(set_names::kSynproxyAck)}, accept()}});
}

// With net.netfilter.nf_conntrack_tcp_loose = 0 conntrack cannot place the cookie either.
Verdict lower_unplaced(Lowering& lowering) {
  if (!has_synproxy(lowering)) return drop();
  const base::SourcePos& pos = lowering.policy.overload->pos;
  Chain chain{.name = lowering.name("unplaced")};
  add(chain, pos, {cookie(), {come_back()}});
  chain.rules.push_back({{drop()}, {}, {}});
  Verdict verdict = jump_to(chain.name);
  lowering.add_chain(std::move(chain));
  return verdict;
}

}  // namespace ravelin::firewall
