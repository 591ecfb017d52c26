// `never`, `always` and the lock-out invariant, proved over every packet there can be, or refuted
// by one. Pure; any thread.
//
// Asked is what becomes of new connections, without what packets before them left behind (bans,
// used-up buckets).
//   never   fails when a packet may be allowed: by an allow whatever its conditions; a deny counts
//           only when it has none. Without a service the essential ICMPv6 is not asked about; it
//           passes before any rule unless `icmp: strict` is set.
//   always  fails when a packet may be denied: an allow counts when it holds at any time and for
//           anyone (not with owner, when, until, feeds), a deny whatever its conditions, so one
//           from a feed cuts all sources that are not in the feed's `never`. Limits, of a rule or
//           per source, do not make an allow uncertain: they shape what is reachable.
// Sources that a zone's networks rule out are spoofed: `never` leaves them out; in `always` with a
// zone and addresses they refute it. A packet that a `forward` takes away never reaches the host:
// it is out of `never … to: host` and refutes `always … to: host`; `never` asks about it again
// where it goes. What a `redirect` takes is decided as what it becomes.
#pragma once

#include "policies/model/policy.h"
#include "policies/space/region.h"

#include <optional>
#include <string>

namespace ravelin::policies {

struct Proof {
  enum class Answer { holds, fails, undecided };

  Answer answer = Answer::holds;
  // "tcp/22 from 203.0.113.9 to 0.0.0.0 (zone wan -> host) is allowed by edge.yaml:12"; why it is
  // undecided.
  std::string message;
  std::optional<Packet> counterexample;  // with interfaces; when it fails by a packet
  SourcePos by;                          // of the rule or nat entry that decides it; line 0: none

  [[nodiscard]] bool holds() const { return answer == Answer::holds; }
};

Proof prove_never(const Policy& policy, const TestPacket& asked, Effort& effort);
Proof prove_always(const Policy& policy, const TestPacket& asked, Effort& effort);

// Whether management can reach the host. Without zones of its own, addresses in a zone's networks
// are asked of that zone, all others of every zone without networks. Without `management` it holds.
Proof prove_management(const Policy& policy, Effort& effort);

// The operator's own session: whether this peer could connect again. An interface of no zone, or a
// peer that no zone can have, refutes it.
struct SshPeer {
  base::IpAddress address;
  std::uint16_t port = 22;  // of this host
  std::string interface;    // it arrives on; empty: not known, so every zone that has its address
};

Proof prove_peer(const Policy& policy, const SshPeer& peer, Effort& effort);

// The zones that can have these addresses: those whose networks hold them all; if none does, all
// that hold any, and those without networks.
std::vector<ZoneId> zones_with(const Policy& policy, const AddressRanges& addresses);

}  // namespace ravelin::policies
