// Policy to ruleset: normalise ▸ stratify ▸ lower, each a pure function. A packet of a known
// connection costs two lookups, a new one a few, whatever the number of rules. Knows neither kernel
// nor files.
//
// The table, in the order packets meet it:
//   raw_pre    prerouting -300   bans, spoofed sources: before conntrack
//   syn_pre    prerouting -299   with a synproxy: handshakes it answers pass conntrack by
//   pre_nat    prerouting -100   forward, redirect
//   input      input 0           known connections ▸ the zone's chain ▸ drop
//   syn_in     input 1           with a synproxy: cookies become connections
//   forward    forward -1        only when the policy forwards; before docker's, where a drop is
//              final
//   quarantine output -1         only when the policy has one: servers that are cut off for a while
//   output     output 0          only when a list begins with host
//   post_nat   postrouting 100   masquerade, snat
//   z_A_B      one pair of zones: one lookup a stratum, then how the pair ends
//   r_…        what one rule does: its conditions, meters, log, counter and verdict
#pragma once

#include "firewall/ruleset/ruleset.h"
#include "policies/model/policy.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ravelin::firewall {

inline constexpr std::string_view kRevisionChain = "revision";

// How many keys a feed's sets have to hold.
struct FeedSize {
  std::uint32_t hosts4 = 0, nets4 = 0, hosts6 = 0, nets6 = 0;
};

struct CompileOptions {
  std::string revision;            // into the table's comment
  std::chrono::sys_seconds now{};  // rules with an earlier `until` are left out
  policies::AddressRanges never;   // besides the policy's own: never banned by packets
  std::map<std::string, FeedSize, std::less<>> feeds;         // by name; missing: empty
  std::chrono::minutes kernel_west{0};                        // of its time zone (kernel_days.h)
  std::map<std::string, std::uint64_t, std::less<>> cgroups;  // path -> id; missing: matches nobody
};

// What a new connection between two zones costs.
struct PairDepth {
  policies::ZoneId from = 0, to = 0;
  int lookups = 0;      // from the first hook to the verdict, when the last rule decides
  int plain_rules = 0;  // that had to be compared one by one
};

struct CompileNote {  // worth telling, no error: rules that cost more than a lookup
  base::SourcePos pos;
  std::string message;
};

struct Compiled {
  Ruleset ruleset;
  std::vector<PairDepth> depth;
  std::vector<CompileNote> notes;
};

Compiled compile(const policies::Policy& policy, const CompileOptions& options);

// Names of the sets that others fill.
namespace set_names {
inline constexpr std::string_view kBan4 = "ban4";                // hosts, with a timeout
inline constexpr std::string_view kBan4Net = "ban4_net";         // ranges
inline constexpr std::string_view kBan6 = "ban6";                // /64 each
inline constexpr std::string_view kBan6Net = "ban6_net";         // ranges of /64 and wider
inline constexpr std::string_view kQuarantine4 = "quarantine4";  // address and TCP port
inline constexpr std::string_view kQuarantine6 = "quarantine6";
inline constexpr std::string_view kOverload = "overload";        // TCP ports, while it lasts
inline constexpr std::string_view kSynproxy = "syn_ports";       // TCP ports that are answered for
inline constexpr std::string_view kSynproxyAck = "syn_cookies";  // ... whose cookies are taken
inline constexpr std::string_view kPacketBan4 = "pban4";  // filled by rules: block new connections
inline constexpr std::string_view kPacketBan6 = "pban6";
}  // namespace set_names

enum class FeedPart { hosts4, nets4, hosts6, nets6 };
// Each feed's own, whatever others the policy has: its name is in it, or as much of it as fits and,
// behind a "." that no feed's name has, a hash of it.
std::string feed_set_name(std::string_view feed, FeedPart part);

}  // namespace ravelin::firewall
