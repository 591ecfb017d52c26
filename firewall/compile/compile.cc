#include "firewall/compile/compile.h"

#include "firewall/compile/lowering.h"
#include "policies/model/meaning.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

// Twice the feed and a power of two: a feed that grows a little keeps its set.
std::uint32_t room_for(std::uint32_t count) {
  std::uint32_t size = 1024;
  while (size < count + count / 2 && size < (1U << 30))
    size *= 2;
  return size;
}

void add_feed_sets(Lowering& lowering) {
  for (const policies::Feed& feed : lowering.policy.feeds) {
    const auto found = lowering.options.feeds.find(feed.name);
    const FeedSize size = found == lowering.options.feeds.end() ? FeedSize{} : found->second;
    const std::uint32_t counts[] = {size.hosts4, size.nets4, size.hosts6, size.nets6};
    for (const FeedPart part :
         {FeedPart::hosts4, FeedPart::nets4, FeedPart::hosts6, FeedPart::nets6}) {
      const bool is_v4 = part == FeedPart::hosts4 || part == FeedPart::nets4;
      Set set{.name = feed_set_name(feed.name, part),
              .key = {is_v4 ? Field::ip_saddr : Field::ip6_saddr}};
      set.is_interval = part == FeedPart::nets4 || part == FeedPart::nets6;
      set.is_external = true;
      set.size = room_for(counts[static_cast<std::size_t>(part)]);
      lowering.add_set(std::move(set));
    }
  }
}

// Nothing leads here: which revision the table holds is written where every change can rewrite it
// (the kernel never changes the comment of a table).
void add_revision(Lowering& lowering) {
  if (lowering.options.revision.empty()) return;
  Chain chain{.name = lowering.name(kRevisionChain)};
  chain.rules.push_back({{come_back()}, lowering.options.revision, {}});
  lowering.add_chain(std::move(chain));
}

bool is_rule_banning(const policies::Rule& rule) {
  return rule.ban || rule.per_source.ban_for;
}

bool bans_by_packet(const policies::Policy& policy) {
  return std::any_of(policy.lists.begin(), policy.lists.end(),
                     [](const policies::RuleList& list) {
                       return std::any_of(list.rules.begin(), list.rules.end(), is_rule_banning);
                     }) ||
         std::any_of(policy.nat.begin(), policy.nat.end(), [](const policies::NatRule& nat) {
           return nat.per_source.ban_for.has_value();
         });
}

}  // namespace

Compiled compile(const policies::Policy& policy, const CompileOptions& options) {
  Lowering lowering(policy, options);
  lowering.out.ruleset.comment = "kept by ravelin firewall";
  add_revision(lowering);
  lowering.bans_by_packet = bans_by_packet(policy);
  add_feed_sets(lowering);
  lower_guard(lowering);
  lower_quarantine(lowering);
  lower_nat(lowering);
  lower_base(lowering);
  // Base chains stand behind all they lead to.
  std::stable_partition(lowering.out.ruleset.chains.begin(), lowering.out.ruleset.chains.end(),
                        [](const Chain& chain) { return !chain.hook.has_value(); });
  return std::move(lowering.out);
}

}  // namespace ravelin::firewall
