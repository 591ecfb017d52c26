// One packet as both simulators see it, and what becomes of it. Pure values; any thread.
#pragma once

#include "policies/model/policy.h"

#include <chrono>
#include <string>

namespace ravelin::policies {

enum class ConnState { new_, established, related, invalid };

struct Packet {
  std::string in_interface;   // empty: this host sends it
  std::string out_interface;  // empty: it is for this host
  base::IpAddress source, destination;
  std::uint8_t protocol = kTcp;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 0;  // or the ICMP type
  ConnState state = ConnState::new_;
  std::uint32_t uid = 0;  // of the sender, on this host
  std::string cgroup;     // of the sender: path below the root of cgroup v2
  std::uint32_t bytes = 60;
  // Since some fixed moment for meters, and the wall clock for `when` and `until`.
  std::chrono::nanoseconds at{0};
  std::chrono::sys_seconds wall{};

  friend bool operator==(const Packet&, const Packet&) = default;
};

// Why a packet met its fate, when no rule of the policy decided it.
enum class Decider {
  rule,            // a rule, named by its place
  nat,             // the allow that a `forward` brings along
  established,     // belongs to a connection that was allowed
  loopback,        // lo
  essential_icmp,  // RFC 4890
  invalid_state,   // conntrack could not place it
  spoofed,         // its source cannot be on that interface
  banned,
  no_zone,        // came in on an interface of no zone
  default_deny,   // the end of the lists
  default_allow,  // host -> zone while no list says otherwise; forwarding that is not ours
};

struct Fate {
  Verdict verdict = Verdict::deny;
  Decider decider = Decider::default_deny;
  SourcePos pos;            // of the rule or nat entry that decided
  std::string id;           // of that rule
  bool causes_ban = false;  // the source is banned from now on
  std::optional<base::IpAddress> dnat_to;
  std::optional<std::uint16_t> dnat_port;

  friend bool operator==(const Fate&, const Fate&) = default;
};

}  // namespace ravelin::policies
