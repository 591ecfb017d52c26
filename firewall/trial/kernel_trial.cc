// One ruleset, one scratch host, one packet after the other.
#include "firewall/diff/change.h"
#include "firewall/trial/trial.h"
#include "policies/simulate/simulation_state.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace ravelin::firewall::trial {
namespace {

using policies::Packet;
using policies::Verdict;

constexpr auto kPatience = std::chrono::milliseconds(200);  // for what the kernel does at once
constexpr std::string_view kEssentialComment = "essential ICMPv6";
constexpr auto kPause = std::chrono::milliseconds(1);

Bytes key_of(const base::IpAddress& source) {
  const base::IpAddress key = policies::source_key(source);
  const std::ptrdiff_t count = key.family == base::Family::ipv4 ? 4 : 16;
  return {key.bytes.begin(), key.bytes.begin() + count};
}

// Rules that have counted since: those of chains that decide, in order.
std::vector<const RuleCount*> moved(const std::vector<RuleCount>& before,
                                    const std::vector<RuleCount>& now) {
  std::vector<const RuleCount*> found;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::uint64_t was = i < before.size() ? before[i].packets : 0;
    if (now[i].packets != was) found.push_back(&now[i]);
  }
  return found;
}

// Of rules that counted the packet the one that decided: a rule that only counts comes before it,
// and one that turns a packet decides nothing. What was dropped early was not counted later.
std::string decider(const std::vector<const RuleCount*>& counted, const Ruleset& ruleset,
                    Verdict verdict) {
  std::string by, early;
  for (const RuleCount* rule : counted) {
    if (is_beside(rule->chain)) {
      if (verdict != Verdict::allow) early = rule->comment;
      continue;
    }
    // The host itself tells its neighbours of its groups meanwhile.
    if (rule->comment == kEssentialComment && !by.empty()) continue;
    const Chain* chain = ruleset.find_chain(rule->chain);
    const bool is_final = chain != nullptr && !chain->rules.empty() &&
                          !std::holds_alternative<Counter>(chain->rules.back().statements.back());
    if (is_final) by = rule->comment;
  }
  return by.empty() ? early : by;
}

}  // namespace

base::Result<KernelTrial> KernelTrial::open(const Ruleset& ruleset, const Transaction& contents,
                                            const Places& places) {
  auto host = ScratchHost::open(places);
  if (!host) return host.error();
  auto kernel = NetlinkKernel::open();
  if (!kernel) return kernel.error();
  Transaction steps = create(ruleset);
  steps.insert(steps.end(), contents.begin(), contents.end());
  if (auto done = (*kernel)->apply(steps, std::nullopt); !done) return done.error();
  KernelTrial trial(std::move(*host), std::move(*kernel));
  trial.ruleset_ = ruleset;
  auto before = trial.counts();
  if (!before) return before.error();
  trial.before_ = std::move(*before);
  return trial;
}

base::Result<std::vector<RuleCount>> KernelTrial::counts() {
  auto table = kernel_->read();
  if (!table) return table.error();
  if (!*table) return base::fail(base::Errc::kernel, "the table is gone");
  return std::move((*table)->rules);
}

base::Result<bool> KernelTrial::is_banned(const base::IpAddress& source) {
  const std::string set(source.family == base::Family::ipv4 ? set_names::kPacketBan4
                                                            : set_names::kPacketBan6);
  if (ruleset_.find_set(set) == nullptr) return false;
  const auto found = kernel_->find(set, key_of(source));
  if (!found) return found.error();
  return found->has_value();
}

base::Result<> KernelTrial::send_unwatched(const Packet& packet) {
  const Tag tag = tag_of(++sent_);
  if (auto sent = host_.send(packet, tag); !sent) return sent.error();
  (void)host_.look(tag);  // or what comes out would fill the sockets it is looked for at
  are_counts_old_ = true;
  return {};
}

base::Result<Trace> KernelTrial::send(const Packet& packet) {
  if (std::exchange(are_counts_old_, false)) {
    auto now = counts();
    if (!now) return now.error();
    before_ = std::move(*now);
  }
  const Tag tag = tag_of(++sent_);
  const auto was_banned = is_banned(packet.source);
  if (!was_banned) return was_banned.error();
  if (auto sent = host_.send(packet, tag); !sent) return sent.error();
  std::optional<ScratchHost::Sight> sight;
  std::vector<RuleCount> now;
  for (auto waited = kPause * 0; waited < kPatience; waited += kPause) {
    sight = host_.look(tag);
    auto read = counts();
    if (!read) return read.error();
    now = std::move(*read);
    // It is seen at the latest when a rule has counted it.
    if (!sight) sight = host_.look(tag);
    if (sight || !moved(before_, now).empty()) break;
    std::this_thread::sleep_for(kPause);
  }
  Trace trace;
  const std::vector<RuleCount> before = std::exchange(before_, std::move(now));
  const auto is_banned_now = is_banned(packet.source);
  if (!is_banned_now) return is_banned_now.error();
  trace.causes_ban = *is_banned_now && !*was_banned;
  if (sight && sight->is_refused) trace.verdict = Verdict::reject;
  if (sight && sight->seen) trace.verdict = Verdict::allow;
  trace.by = decider(moved(before, before_), ruleset_, trace.verdict);
  if (trace.verdict == Verdict::allow) note_destination(packet, *sight, trace);
  return trace;
}

void KernelTrial::note_destination(const Packet& packet, const ScratchHost::Sight& sight,
                                   Trace& trace) {
  const bool is_elsewhere = sight.is_here != packet.out_interface.empty();
  const bool is_other_address = !sight.is_here && sight.seen->destination != packet.destination;
  const bool is_other_port = policies::has_ports(packet.protocol) &&
                             sight.seen->destination_port != packet.destination_port;
  if (!is_elsewhere && !is_other_address && !is_other_port) return;
  if (!sight.is_here) trace.dnat_to = sight.seen->destination;
  trace.dnat_port = sight.seen->destination_port;
}

}  // namespace ravelin::firewall::trial
