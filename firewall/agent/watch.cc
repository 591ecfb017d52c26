// What the agent does by itself: timers, drift, files, metrics.
#include "base/io/file.h"
#include "base/io/log.h"
#include "firewall/agent/agent.h"
#include "firewall/agent/metrics.h"
#include "firewall/control/addition.h"
#include "firewall/control/banned_flows.h"
#include "firewall/control/checks.h"
#include "firewall/control/cut_flows.h"
#include "firewall/control/system_facts.h"

#include <sys/stat.h>

#include <set>
#include <string>
#include <utility>

namespace ravelin::firewall {
namespace {

using base::Errc;
using namespace std::chrono_literals;

constexpr std::string_view kWatchPart = "firewall";
constexpr int kShare = 20;
constexpr auto kAdditionEvery = 10s;  // what is due is tried again

}  // namespace

std::string file_stamp(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return {};
  return fmt::format("{}:{}:{}:{}.{};", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

void Agent::tick() {
  const auto undone = keeper_.tick();
  if (!undone) {
    base::log_error(kWatchPart, "an unconfirmed change cannot be undone; trying again",
                    {{"reason", undone.error().message}});
  } else if (*undone) {
    base::log_warn(kWatchPart, **undone);
    end_flows_denied();
    guard_.disarm();
    generation_.reset();
    if (options_.until_confirmed) is_over_ = true;
  }
  watch_table();
  for (const std::string& note : keeper_.take_notes())
    base::log_warn(kWatchPart, note);
  const auto now = times_.boot().since_boot;
  if (now < next_second_) return;
  next_second_ = now + 1s;
  if (began_.count() == 0) began_ = now;
  // Whoever started it for a change may have gone without asking for one.
  constexpr auto kPatience = 30s;
  if (options_.until_confirmed && !keeper_.pending() && clients_.empty() &&
      now - began_ > kPatience)
    is_over_ = true;
  end_flows_of_banned();
  expire_rules();
  follow_feeds();
  follow_policy();
  follow_facts();
  if (keeper_.expire_bans()) bans_changed_ = true;
  save_bans();
  write_metrics();
}

// Asking for the generation costs microseconds; the table is read only when someone changed
// something.
void Agent::watch_table() {
  const auto generation = kernel_.generation();
  if (!generation || generation_ == *generation) return;
  const auto lines = keeper_.drift();
  if (!lines) {
    base::log_error(kWatchPart, "the table cannot be read", {{"reason", lines.error().message}});
    return;
  }
  generation_ = *generation;
  if (lines->empty()) return;
  for (const std::string& line : *lines)
    base::log_warn(kWatchPart, "drift", {{"found", line}});
  if (auto healed = keeper_.heal(); !healed) {
    generation_.reset();
    base::log_error(kWatchPart, "the table cannot be put right; trying again",
                    {{"reason", healed.error().message}});
    return;
  }
  ++heals_;
  generation_.reset();
  base::log_warn(kWatchPart, "the table is put right", {{"revision", keeper_.live_revision()}});
}

// Writing a large book takes its time, too.
void Agent::save_bans() {
  const auto began = times_.boot().since_boot;
  if (!bans_changed_ || began < next_save_) return;
  const auto saved = keeper_.save_bans();
  bans_changed_ = !saved;
  next_save_ = began + kShare * (times_.boot().since_boot - began);
  if (!saved)
    base::log_error(kWatchPart, "bans cannot be saved", {{"reason", saved.error().message}});
}

// Reading a large table takes its time, in which nobody is banned: a twentieth of ours at most.
void Agent::end_flows_of_banned() {
  const auto began = times_.boot().since_boot;
  if (options_.around.flows == nullptr || began < next_flows_) return;
  const std::vector<base::IpPrefix> banned = keeper_.take_fresh_bans();
  if (banned.empty()) return;
  const auto ended = end_flows_of(*options_.around.flows, banned);
  next_flows_ = began + kShare * (times_.boot().since_boot - began);
  if (!ended)
    base::log_warn(kWatchPart,
                   "flows of banned addresses cannot be ended; their packets are dropped",
                   {{"reason", ended.error().message}});
  if (ended && *ended != 0)
    base::log_info(kWatchPart, "flows of banned addresses are ended", {{"flows", *ended}});
}

// Those that only what was undone had let in: an operator who undoes it ends them, too.
void Agent::end_flows_denied() {
  if (!keeper_.policy()) return;
  const CutFlows cut =
      cut_flows(options_.around, *keeper_.policy(), std::nullopt, times_.wall(), FlowUse::end);
  if (!cut.trouble.empty())
    base::log_warn(kWatchPart, "not all flows that the policy denies are ended",
                   {{"reason", cut.trouble}});
  if (cut.removed != 0)
    base::log_info(kWatchPart, "flows that the policy denies are ended", {{"flows", cut.removed}});
}

void Agent::expire_rules() {
  const auto ended = keeper_.expire_rules();
  if (!ended)
    base::log_error(kWatchPart, "rules whose time is over cannot be taken out",
                    {{"reason", ended.error().message}});
  if (ended && *ended) base::log_info(kWatchPart, "rules whose time is over are taken out");
}

void Agent::follow_feeds() {
  const auto changed = keeper_.refresh_feeds();
  tell_feed_troubles();
  if (!changed) {
    base::log_error(kWatchPart, "feeds cannot be put into the kernel",
                    {{"reason", changed.error().message}});
    return;
  }
  for (const std::string& feed : *changed)
    base::log_info(kWatchPart, "a feed has changed", {{"feed", feed}});
}

// Each once, and its end.
void Agent::tell_feed_troubles() {
  auto troubles = keeper_.feed_troubles();
  for (const auto& [feed, trouble] : troubles) {
    const auto told = feed_troubles_.find(feed);
    if (told == feed_troubles_.end() || told->second != trouble)
      base::log_warn(kWatchPart, "a feed cannot be read", {{"feed", feed}, {"reason", trouble}});
  }
  for (const auto& [feed, trouble] : feed_troubles_) {
    if (!troubles.contains(feed))
      base::log_info(kWatchPart, "a feed has no trouble any more", {{"feed", feed}});
  }
  feed_troubles_ = std::move(troubles);
}

// A policy that is being written changes again within the second: it is judged once it is quiet.
void Agent::follow_policy() {
  if (!options_.policy || keeper_.pending()) return;
  std::string stamp = file_stamp(*options_.policy);
  if (keeper_.policy()) {
    for (const std::string& file : keeper_.policy()->files)
      stamp += file_stamp(file);
  }
  const bool is_quiet = stamp == policy_seen_;
  policy_seen_ = stamp;
  const auto now = times_.boot().since_boot;
  const bool is_due = is_addition_due_ && now >= next_addition_;
  if (!is_quiet || (stamp == policy_stamp_ && !is_due)) return;
  next_addition_ = now + kAdditionEvery;
  policy_stamp_ = stamp;
  const auto applied = apply_policy(is_addition_due_ ? "what the gateway needs, and the policy"
                                                     : "the policy changed");
  if (!applied)
    base::log_error(kWatchPart, "the policy has changed and is not applied",
                    {{"reason", applied.error().message}, {"revision", keeper_.live_revision()}});
  else if (*applied)
    base::log_info(kWatchPart, "the policy has changed and is applied",
                   {{"revision", (*applied)->revision}});
}

// Of the files, or what is in force where they hold what somebody took back: they are followed
// again once they change.
Result<PolicyBundle> Agent::followed_bundle() {
  base::yaml::DiskLoader loader;
  SystemFacts facts;
  base::Diagnostics diagnostics;
  PolicyBundle bundle = collect(*options_.policy, loader, facts, times_.wall(), diagnostics);
  for (const base::Finding& finding : diagnostics.findings()) {
    if (finding.severity == base::Severity::error)
      return base::fail(Errc::invalid, "{}", base::to_string(finding));
  }
  if (!keeper_.is_declined(bundle)) return bundle;
  base::log_warn(kWatchPart,
                 "the policy in the files was taken back, or not confirmed in time: they are "
                 "followed again once they change, or `ravelin firewall apply` puts it there",
                 {{"file", *options_.policy}, {"revision", keeper_.live_revision()}});
  if (keeper_.is_fallback() || keeper_.live_revision() == 0) return PolicyBundle();
  auto live = keeper_.live_bundle();
  return live ? Result<PolicyBundle>(own_part(std::move(*live))) : live;
}

Result<std::optional<Keeper::Applied>> Agent::apply_policy(const std::string& reason) {
  auto followed = followed_bundle();
  if (!followed) return followed.error();
  PolicyBundle& bundle = *followed;
  if (bundle.path.empty()) return std::optional<Keeper::Applied>();  // nothing is to be in force
  SystemFacts facts;
  add_to(bundle, service_.addition(), facts);
  const auto policy = policy_of(bundle);
  if (!policy) return policy.error();
  if (keeper_.policy() == *policy) {  // in other words
    settle_addition();
    return std::optional<Keeper::Applied>();
  }
  const auto found = objections(*policy, std::nullopt, {.feeds = {}, .wall = times_.wall()});
  if (!found.empty()) return base::fail(Errc::invalid, "{}", to_string(found.front()));
  const auto applied = keeper_.apply(std::move(bundle), {{}, "watch", reason});
  if (!applied) return applied.error();
  generation_.reset();
  settle_addition();
  return std::optional(*applied);
}

// Whoever must not be banned is looked at as often.
void Agent::follow_facts() {
  const auto now = times_.boot().since_boot;
  if (now >= next_own_) {
    next_own_ = now + FactsWatch::kEvery;
    if (auto own = own_addresses(); !own.empty()) keeper_.never_ban(std::move(own));
  }
  if (keeper_.pending() || keeper_.is_fallback() || keeper_.live_revision() == 0) return;
  auto bundle = facts_.look(keeper_.live_revision(), [this] { return keeper_.live_bundle(); });
  if (!bundle) return;
  const auto renewed = renew(*bundle);
  if (!renewed) {
    base::log_error(kWatchPart, "names or addresses have changed and the table is as it was",
                    {{"reason", renewed.error().message}, {"revision", keeper_.live_revision()}});
    return;
  }
  facts_.took(std::move(*bundle));
  if (*renewed)
    base::log_info(kWatchPart, "names or addresses have changed and the table has those of now",
                   {{"revision", keeper_.live_revision()}});
}

// Whether anything is other. What the policy in force is objected to for already has been accepted.
Result<bool> Agent::renew(const PolicyBundle& bundle) {
  const auto policy = policy_of(bundle);
  if (!policy) return policy.error();
  if (keeper_.policy() == *policy) return false;  // in other words
  const policies::TestWorld world{.feeds = {}, .wall = times_.wall()};
  std::set<std::string> known;
  for (const Objection& objection : objections(*keeper_.policy(), std::nullopt, world))
    known.insert(to_string(objection));
  for (const Objection& objection : objections(*policy, std::nullopt, world)) {
    if (!known.contains(to_string(objection)))
      return base::fail(Errc::invalid, "{}", to_string(objection));
  }
  if (auto done = keeper_.renew(bundle); !done) return done.error();
  generation_.reset();
  return true;
}

Result<> Agent::use(AdditionFor addition) {
  if (!options_.policy) return base::fail(Errc::invalid, "no policy is followed");
  if (const auto pending = keeper_.pending(); pending)
    return base::fail(Errc::conflict,
                      "revision {} of the policy waits to be confirmed: ravelin firewall confirm "
                      "{}, or rollback",
                      pending->revision, pending->revision);
  const AdditionFor before = service_.addition();
  service_.use(std::move(addition));
  const auto applied = apply_policy("the gateway's configuration");
  if (!applied) {
    service_.use(before);
    return applied.error();
  }
  if (*applied)
    base::log_info(kWatchPart, "what the gateway needs is in force",
                   {{"revision", (*applied)->revision}});
  return {};
}

Result<> Agent::begin_with(AdditionFor addition) {
  auto done = use(addition);
  if (done) return done;
  service_.use(std::move(addition));
  is_addition_due_ = true;
  return done;
}

void Agent::settle_addition() {
  if (std::exchange(is_addition_due_, false) && options_.addition_settled)
    options_.addition_settled();
}

void Agent::write_metrics() {
  if (options_.metrics_file.empty()) return;
  const auto table = keeper_.read();
  const AgentState state{
      .keeper = keeper_, .feeds = feeds_.status(), .heals = heals_, .now = times_.wall()};
  constexpr mode_t kReadable = 0644;
  const std::string text = metrics_text(state, table ? *table : std::nullopt);
  if (auto done = base::replace_file(options_.metrics_file, text, kReadable); !done)
    base::log_warn(kWatchPart, "metrics cannot be written", {{"reason", done.error().message}});
}

}  // namespace ravelin::firewall
