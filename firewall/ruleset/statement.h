// What a rule is made of, as values a little above the kernel's register expressions: one Statement
// is one thing nft prints. The encoder turns each into expressions, the printer into nft's text,
// and the simulator of rulesets runs them. Pure; any thread.
#pragma once

#include "base/address.h"
#include "firewall/ruleset/field.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ravelin::firewall {

// The value of a field as it stands in a register: network order, or host order where the field has
// it; an interface's name is NUL padded to 16 bytes.
using Bytes = std::vector<std::uint8_t>;

// A field as part of a key. A mask keeps the first `mask_bits` bits (addresses only; 0 = whole).
struct KeyPart {
  Field field = Field::ip_saddr;
  std::uint8_t mask_bits = 0;

  friend auto operator<=>(const KeyPart&, const KeyPart&) = default;
};

using Key = std::vector<KeyPart>;

// field == value, != value; for ct_state, ct_status and tcp_flags `has_any`: one of these bits is
// set.
enum class Comparison : std::uint8_t { equal, not_equal, has_any, has_none };

struct Match {
  Field field = Field::l4proto;
  Comparison comparison = Comparison::equal;
  Bytes value;
  // Addresses: length of a prefix, 0 = whole. Interfaces: bytes of a name that ends in "*".
  std::uint8_t prefix = 0;
  std::uint8_t level = 0;  // of socket_cgroup

  friend bool operator==(const Match&, const Match&) = default;
};

// first <= field <= last, compared as numbers; both as they stand in a register, like every value.
struct MatchRange {
  Field field = Field::th_dport;
  bool is_negated = false;
  Bytes first, last;

  friend bool operator==(const MatchRange&, const MatchRange&) = default;
};

struct Lookup {  // key in @set
  Key key;
  std::string set;
  bool is_negated = false;

  friend bool operator==(const Lookup&, const Lookup&) = default;
};

struct VerdictLookup {  // key vmap @map: goes on when there is no entry
  Key key;
  std::string map;

  friend bool operator==(const VerdictLookup&, const VerdictLookup&) = default;
};

struct Counter {  // anonymous: of this rule
  friend bool operator==(const Counter&, const Counter&) = default;
};

// A token bucket. Goes on while there are tokens; with `over`, once there are none.
struct Limit {
  std::uint64_t count = 1;
  std::chrono::seconds per{1};  // 1, 60, 3600, 86400
  std::uint32_t burst = 5;
  bool of_bytes = false;
  bool over = false;

  friend bool operator==(const Limit&, const Limit&) = default;
};

struct ConnectionLimit {  // ct count: goes on up to `count`; with `over`, beyond
  std::uint32_t count = 1;
  bool over = false;

  friend bool operator==(const ConnectionLimit&, const ConnectionLimit&) = default;
};

using PerElement = std::variant<Limit, ConnectionLimit, Counter>;

// Puts the key into a dynamic set; with an expression goes on as that expression says. `update`
// renews the element's time, `add` leaves it.
struct Update {
  enum class Operation : std::uint8_t { add, update, remove };

  Operation operation = Operation::update;
  Key key;
  std::string set;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<PerElement> expression;

  friend bool operator==(const Update&, const Update&) = default;
};

struct Log {
  std::string prefix;                  // at most 127 bytes
  std::optional<std::uint16_t> group;  // of nflog; none: the kernel's log
  std::uint32_t snaplen = 0;           // bytes of each packet to nflog; 0 = default

  friend bool operator==(const Log&, const Log&) = default;
};

struct Sample {  // numgen random mod `of` == 0
  std::uint32_t of = 1;

  friend bool operator==(const Sample&, const Sample&) = default;
};

// icmpx admin-prohibited, or a TCP reset: then the rule has settled on l4proto TCP before.
struct Reject {
  enum class With : std::uint8_t { admin_prohibited, tcp_reset };

  With with = With::admin_prohibited;

  friend bool operator==(const Reject&, const Reject&) = default;
};

// jump comes back, goto does not.
struct Verdict {
  enum class Kind : std::uint8_t { accept, drop, jump, go_to, come_back };

  Kind kind = Kind::drop;
  std::string chain;  // jump, go_to

  friend auto operator<=>(const Verdict&, const Verdict&) = default;
};

struct Nat {
  enum class Kind : std::uint8_t { dnat, snat };

  Kind kind = Kind::dnat;
  base::IpAddress address;  // its family is the rule's
  std::optional<std::uint16_t> port;

  friend bool operator==(const Nat&, const Nat&) = default;
};

struct Masquerade {
  friend bool operator==(const Masquerade&, const Masquerade&) = default;
};

struct Redirect {
  std::optional<std::uint16_t> port;

  friend bool operator==(const Redirect&, const Redirect&) = default;
};

struct NoTrack {
  friend bool operator==(const NoTrack&, const NoTrack&) = default;
};

// Answers the first packet of a TCP handshake with a cookie and keeps nothing; the packet that
// brings the cookie back begins the connection, one with another is dropped. Other packets go on.
// What it offers has to be what this host's own stack would: clients hold on to it. Source:
// net/netfilter/nft_synproxy.c.
struct Synproxy {
  std::uint16_t mss = 1460;
  std::optional<std::uint8_t> window_scale = std::uint8_t{7};  // none: windows are not scaled
  bool has_timestamps = true;
  bool has_sack = true;

  friend bool operator==(const Synproxy&, const Synproxy&) = default;
};

struct Trace {  // meta nftrace set 1
  friend bool operator==(const Trace&, const Trace&) = default;
};

using Statement =
    std::variant<Match, MatchRange, Lookup, VerdictLookup, Counter, Limit, ConnectionLimit, Update,
                 Log, Sample, Reject, Verdict, Nat, Masquerade, Redirect, NoTrack, Synproxy, Trace>;

}  // namespace ravelin::firewall
