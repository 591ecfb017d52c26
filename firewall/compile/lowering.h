// What the steps of lowering share: the ruleset being built, names that fit the kernel, and small
// makers of rules. Each step is a file: lower_rule, lower_pair, lower_guard,
// lower_quarantine, lower_overload, lower_synproxy, lower_nat, lower_base.
// Pure; one thread.
#pragma once

#include "firewall/compile/compile.h"
#include "firewall/compile/interfaces.h"
#include "firewall/compile/key_bytes.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct Lowering {
  const policies::Policy& policy;
  const CompileOptions& options;
  Compiled out;
  std::map<const policies::Rule*, Verdict> actions;     // rules already lowered
  std::map<const policies::NatRule*, Verdict> allows;   // of `forward` entries
  std::map<std::string, int, std::less<>> names_taken;  // of chains and sets
  bool bans_by_packet = false;                          // some rule fills pban4 and pban6

  Lowering(const policies::Policy& given, const CompileOptions& with)
      : policy(given), options(with) {}

  // A name of at most 31 characters that no other chain or set has, made from `wish`.
  std::string name(std::string_view wish);

  void add_chain(Chain chain) { out.ruleset.chains.push_back(std::move(chain)); }

  void add_set(Set set) { out.ruleset.sets.push_back(std::move(set)); }

  // A set of ranges of one family; nothing is added for none. Its name, or empty.
  std::string add_ranges(std::string_view wish, std::span<const policies::AddressRange> ranges,
                         std::span<const policies::AddressRange> more = {});

  // A set with room for so many TCP ports, each of which stands in it for a while; who keeps the
  // table fills it.
  void add_port_set(std::string_view name, std::size_t ports);
};

inline constexpr std::size_t kProvenanceMax = 127;  // of comments and of prefixes in the log

// "edge.yaml:33 web": what the kernel keeps with what a line became. Of a file with a long name as
// much as leaves room for the rest.
std::string provenance(const base::SourcePos& pos, std::string_view what,
                       std::size_t bytes_max = kProvenanceMax);

Verdict jump_to(std::string chain);
Verdict go_to(std::string chain);

inline Verdict accept() {
  return {Verdict::Kind::accept, {}};
}

inline Verdict drop() {
  return {Verdict::Kind::drop, {}};
}

inline Verdict come_back() {
  return {Verdict::Kind::come_back, {}};
}

Key saddr_key(base::Family family);   // whole
Key source_key(base::Family family);  // what meters and bans tell apart: /32, /64
Match interface_match(Field field, std::string_view name);  // without a star

// Looks the interface up and does what its pattern says; goes on when none fits.
void append_by_interface(Lowering& lowering, Chain& chain, Field field, std::string_view wish,
                         std::span<const InterfaceVerdict> patterns);

// The chain of a rule, made once however many pairs have it. It comes back when the rule does not
// decide.
Verdict lower_rule(Lowering& lowering, const policies::Rule& rule);
// Statements and chains for what exceeds a limit on each source, into `chain`; `wish` names its
// sets.
void lower_per_source(Lowering& lowering, const policies::PerSource& limits,
                      const base::SourcePos& pos, std::string_view wish, Chain& chain);
Limit limit_of(const policies::Rate& rate, bool over);

// The chain of a pair of zones; its name. `at_end`: where packets go that no rule decides, before
// the pair's own end.
std::string lower_pair(Lowering& lowering, policies::ZoneId from, policies::ZoneId to,
                       const std::optional<Verdict>& at_end = {});

void lower_guard(Lowering& lowering);  // sets of bans; raw_pre

// The set of sources that no rule bans, if the policy has some.
inline std::string_view never_set(base::Family family) {
  return family == base::Family::ipv4 ? "never4" : "never6";
}

// Rules of input and forward that turn away new connections of sources banned by packets.
void append_packet_bans(const Lowering& lowering, Chain& chain);

void lower_quarantine(Lowering& lowering);  // its sets and chain

// The rule of `input` that holds new connections to what an overloaded host takes.
void append_overload(Lowering& lowering, Chain& chain);

// While a host is overloaded: handshakes answered with cookies. Its sets and base chains, and the
// rules of `input` and `output` for it.
void append_synproxy(Lowering& lowering, Chain& input);
void append_synproxy_answers(const Lowering& lowering, Chain& output);
bool has_synproxy(const Lowering& lowering);
// What becomes of packets to this host that conntrack cannot place.
Verdict lower_unplaced(Lowering& lowering);

void lower_nat(Lowering& lowering);  // pre_nat, post_nat
// The allows that `forward` entries of a zone bring along, for what no rule decides; empty: it has
// none.
std::optional<Verdict> lower_forwarded(Lowering& lowering, policies::ZoneId via);

void lower_base(Lowering& lowering);  // input, forward, output and the dispatch by interface

}  // namespace ravelin::firewall
