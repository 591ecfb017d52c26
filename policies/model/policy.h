// A firewall policy as values: what one YAML document (`policy: v1`) and its includes say, with
// every name already replaced by what it stands for and every object knowing its place. What the
// parser returns, the analysis proves things about, both simulators run and the compiler lowers.
// Pure values; any thread.
#pragma once

#include "policies/model/address_set.h"
#include "policies/model/service.h"
#include "policies/model/tcp_offer.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::policies {

using base::SourcePos;

// A zone is named by its place in Policy::zones; the host itself is no zone of that list.
using ZoneId = int;
inline constexpr ZoneId kHost = -1;

struct Zone {
  std::string name;
  SourcePos pos;
  // "eth0", or "wg*": a prefix. Of patterns that match an interface the longest wins, and one
  // without a star wins over all; no pattern stands in two zones.
  std::vector<std::string> interfaces;
  // When not empty: sources that may arrive on these interfaces; others are spoofed and dropped.
  AddressRanges networks;
  std::string owner;  // "docker": whose tables forward for it; only told, ours stay ours

  friend bool operator==(const Zone&, const Zone&) = default;
};

// A list of addresses from outside the policy, millions of entries; loaded by firewall/feed. Never
// part of the analysis: a rule that names one is conditional.
struct Feed {
  enum class Format { text, csv };  // a name that ends in .gz is unpacked first
  enum class OnStale { keep, drop, fail };

  std::string name;
  SourcePos pos;
  std::string file;
  Format format = Format::text;
  std::chrono::seconds refresh{0};  // 0: whenever it is asked for, which the agent does each second
  std::chrono::seconds age_max{0};  // 0: never stale
  OnStale on_stale = OnStale::keep;
  std::uint64_t entries_max = 2'000'000;
  AddressRanges never;  // taken out of whatever the file says

  friend bool operator==(const Feed&, const Feed&) = default;
};

struct Bans {
  SourcePos pos;
  std::chrono::seconds duration{3600};
  int repeat_factor = 2;  // each ban of one address lasts this many times the one before
  std::chrono::seconds duration_max{7 * 86400};
  std::uint64_t size = 200'000;  // per family
  AddressRanges never;

  friend bool operator==(const Bans&, const Bans&) = default;
};

// Servers that this host is kept from for a while; which, is said while it runs.
struct Quarantine {
  SourcePos pos;
  std::optional<std::uint32_t> uid;  // whose connections are cut off; none: everybody's
  std::uint64_t size = 1024;         // per family

  friend bool operator==(const Quarantine&, const Quarantine&) = default;
};

// Whom a rule is about. Ranges and feeds are alternatives; neither is everyone.
struct AddressMatch {
  AddressRanges ranges;
  std::vector<int> feeds;  // indices into Policy::feeds
  bool is_restricted =
      false;         // with neither ranges nor feeds: matches nobody (a name without address)
  std::string text;  // as written, for people: "admins, feed/abuse"

  [[nodiscard]] bool is_anyone() const { return !is_restricted; }

  friend bool operator==(const AddressMatch&, const AddressMatch&) = default;
};

// Packets or bytes per unit of time with a burst: "50/s burst 200", "20MB/s". A token bucket of
// `burst` tokens, full at the start.
struct Rate {
  enum class Of { packets, bytes };

  Of of = Of::packets;
  std::uint64_t count = 0;
  std::chrono::seconds per{1};  // 1, 60, 3600 or 86400
  std::uint32_t burst = 5;      // packets, or bytes

  friend bool operator==(const Rate&, const Rate&) = default;
};

// Limits on each source: an IPv4 address or an IPv6 /64. What exceeds one is denied by this rule;
// with `ban_for` its source is banned as well.
struct PerSource {
  std::optional<Rate> new_connections;
  std::optional<std::uint32_t> connections;
  std::optional<std::chrono::seconds> ban_for;

  friend bool operator==(const PerSource&, const PerSource&) = default;
};

// Handshakes that are answered with cookies in the host's place.
struct Synproxy {
  std::vector<std::uint16_t> ports;  // TCP; sorted
  std::uint16_t mss = 1460;          // over IPv4; 20 less over IPv6
  TcpOffer offer;

  friend bool operator==(const Synproxy&, const Synproxy&) = default;
};

// What new connections to this host each source has while whoever serves says it is overloaded.
struct Overload {
  SourcePos pos;
  std::vector<std::uint16_t> ports;  // TCP; sorted
  PerSource per_source;              // new connections
  AddressRanges except;              // such as proxies, each of whom is many sources
  std::optional<Synproxy> synproxy;  // for some of the ports

  friend bool operator==(const Overload&, const Overload&) = default;
};

struct LogRule {
  std::string prefix;  // at most 64 characters
  std::optional<Rate> rate;
  std::uint32_t sample = 1;  // one of so many

  friend bool operator==(const LogRule&, const LogRule&) = default;
};

// "1h after 30/min": ban a source that met this rule more often than that.
struct BanAfter {
  std::chrono::seconds duration{3600};
  std::optional<Rate> after;

  friend bool operator==(const BanAfter&, const BanAfter&) = default;
};

// Who sent it, on this host.
struct Owner {
  std::optional<std::uint32_t> uid;
  std::string cgroup;  // path below the root of cgroup v2; empty: not asked for
  std::string text;    // as written: "_apt"

  friend bool operator==(const Owner&, const Owner&) = default;
};

struct When {
  std::uint8_t days = 0x7f;                   // bit 0 = Sunday, as in nft's `meta day`; UTC
  std::chrono::minutes from{0}, to{24 * 60};  // of the day, UTC; to < from goes over midnight

  friend bool operator==(const When&, const When&) = default;
};

enum class Verb { allow, deny, reject, log, count };

struct Rule {
  Verb verb = Verb::deny;
  SourcePos pos;                      // of the rule in its list
  std::string id;                     // unique in the policy; empty: none given
  std::vector<ServiceTerm> services;  // empty: any protocol
  std::string services_text;          // as written: "web", "tcp/22, ping"; "any"
  AddressMatch from, to;
  std::vector<std::string> via;  // interface patterns (of the outside of the pair); empty: all
  std::optional<Owner> owner;
  PerSource per_source;
  std::optional<Rate> limit;  // what exceeds it does not match this rule
  std::optional<BanAfter> ban;
  std::optional<LogRule> log;
  std::optional<When> when;
  std::optional<std::chrono::sys_seconds> until;  // exclusive; after it the rule is not there
  std::string note;
  std::string counter;  // of `count: NAME`; rules may share one; empty: the rule's own

  // Verdict: allow, deny and reject end the way through the list; log and count do not.
  [[nodiscard]] bool is_final() const { return verb != Verb::log && verb != Verb::count; }

  // Whether more than the packet's own fields decides if this rule matches it.
  [[nodiscard]] bool is_conditional() const {
    return limit || owner || when || until || !from.feeds.empty() || !to.feeds.empty();
  }

  // An allow whose packets may still be denied.
  [[nodiscard]] bool is_metered() const {
    return per_source.new_connections.has_value() || per_source.connections.has_value();
  }

  friend bool operator==(const Rule&, const Rule&) = default;
};

// One list of rules as written: "lan, vpn -> wan, dmz". `any` on the left is every zone but the
// host, on the right every zone and the host.
struct RuleList {
  SourcePos pos;
  std::string text;  // "lan, vpn -> wan, dmz"
  std::vector<ZoneId> from, to;
  bool from_any = false;  // written `any`: from holds every zone
  bool to_any = false;
  std::vector<Rule> rules;

  friend bool operator==(const RuleList&, const RuleList&) = default;
};

struct NatRule {
  enum class Kind { masquerade, snat, forward, redirect };

  Kind kind = Kind::masquerade;
  SourcePos pos;
  std::string id;
  std::vector<ZoneId>
      via;  // forward, redirect: zones it arrives from; masquerade, snat: it leaves to
  AddressMatch from;
  bool ipv4 = true, ipv6 = true;
  std::vector<ServiceTerm> services;  // forward, redirect
  std::string services_text;
  std::vector<base::IpAddress> to;       // forward, snat: at most one of each family
  std::optional<std::uint16_t> to_port;  // forward, redirect; none: the port stays
  PerSource per_source;                  // forward: of the allow it brings along
  std::optional<Rate> limit;
  std::optional<std::chrono::sys_seconds> until;

  friend bool operator==(const NatRule&, const NatRule&) = default;
};

// Who must always be able to reach this host, and on what: no apply may break it.
struct Management {
  SourcePos pos;
  std::vector<ServiceTerm> services;
  AddressMatch from;
  std::vector<ZoneId> zones;  // it comes in from; empty: every zone in which `from` can be

  friend bool operator==(const Management&, const Management&) = default;
};

// What a test is about; what is not given is "all of them" in never and always, and in `packet` a
// value the simulator chooses (source port) or an error (address).
struct TestPacket {
  std::optional<ZoneId> in, out;  // kHost: from or to this host
  std::vector<ZoneId> to_zones;   // `to: [lan, dmz]` in never and always
  AddressMatch from, to;
  bool to_host = false;                 // `to: host`
  std::optional<ZoneId> to_address_of;  // `to: wan-address`
  std::vector<ServiceTerm> services;
  std::uint32_t repeat = 1;  // so many packets, each of a new connection,
  std::chrono::milliseconds within{1000};

  friend bool operator==(const TestPacket&, const TestPacket&) = default;
};

enum class Verdict { allow, deny, reject, ban };

struct PolicyTest {
  enum class Kind { packet, never, always };

  Kind kind = Kind::packet;
  SourcePos pos;
  std::string name;
  TestPacket packet;
  std::optional<Verdict> expect;           // of the first packet
  std::optional<Verdict> expect_last;      // of the last of `repeat`
  std::string by;                          // the id of the rule that decides
  std::optional<base::IpAddress> dnat_to;  // where it is forwarded to
  std::optional<std::uint16_t> dnat_port;
  std::optional<std::uint16_t> redirect_port;

  friend bool operator==(const PolicyTest&, const PolicyTest&) = default;
};

struct Policy {
  std::string name;
  std::vector<std::string> files;  // read for it, the main one first
  std::vector<Zone> zones;         // in the order written
  std::vector<Feed> feeds;
  Bans bans;
  std::optional<Quarantine> quarantine;
  std::optional<Overload> overload;
  std::optional<Management> management;
  std::vector<NatRule> nat;
  std::vector<RuleList> lists;
  std::vector<PolicyTest> tests;
  bool is_icmp_strict = false;  // `icmp: strict`: the essential ICMPv6 of RFC 4890 needs rules too

  friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace ravelin::policies
