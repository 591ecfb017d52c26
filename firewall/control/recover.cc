// What a start does with what the last one left behind.
#include "firewall/control/drift.h"
#include "firewall/control/fallback.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"
#include "firewall/diff/change.h"

namespace ravelin::firewall {
namespace {

constexpr std::size_t kBansBytesMax = 1024ULL * 1024 * 1024;

}  // namespace

// Takes the table as it is when it has the outline of that revision; else puts the revision there.
Result<> Keeper::adopt(std::uint64_t revision) {
  auto bundle = state_.bundle(revision);
  if (!bundle) return bundle.error();
  auto wanted = candidate(revision, std::move(*bundle), FeedUse::last_known);
  if (!wanted) return base::wrap(wanted.error(), fmt::format("revision {}", revision));
  const Ruleset target = named_as(wanted->prepared.compiled.ruleset, snapshot_);
  if (!outline_drift(target, snapshot_).empty()) return put(revision, std::move(*wanted));
  // Its rules stay, and so do their counters; what its sets hold is known from the disk alone.
  live_ = target;
  Transaction steps{PutTable{target.comment}};
  append_feeds(*wanted, target, steps);
  append_bans(target, Refill::all, steps);
  append_quarantined(target, Refill::all, steps);
  // Whether the gateway is overloaded, it will say.
  for (const std::string_view name : {set_names::kOverload, set_names::kSynproxy})
    if (const Set* set = standing(target, name); set != nullptr)
      steps.emplace_back(FlushSet{set->name});
  if (auto done = commit(steps); !done) return done.error();
  settle(revision, std::move(*wanted), target);
  let_go(*policy_);
  return {};
}

Result<> Keeper::return_to_confirmed(std::vector<std::string>& done) {
  const auto confirmed = state_.confirmed();
  if (confirmed && !*confirmed) {
    if (!snapshot_) return {};
    done.emplace_back("no revision is confirmed: the table is removed");
    return take_down();
  }
  const auto there = snapshot_ ? revision_of(*snapshot_) : std::nullopt;
  if (confirmed && there != *confirmed)
    done.push_back(
        snapshot_ ? fmt::format("the table was not that of revision {}: it is now", **confirmed)
                  : fmt::format("the table was gone: revision {} is back", **confirmed));
  // Which one it is may not be known: then it is none that anybody has confirmed.
  const auto adopted = confirmed ? adopt(**confirmed) : Result<>(confirmed.error());
  if (adopted) {
    // One that is damaged, or of another version, is made anew while there is something to make it
    // of.
    if (const auto kept = keep_fallback(); !kept)
      note("the policy to fall back to cannot be kept: " + kept.error().message);
    return {};
  }
  auto said = fall_back("the confirmed revision", adopted.error());
  if (!said) return said.error();
  done.push_back(std::move(*said));
  return {};
}

// In words, what is so now.
Result<std::string> Keeper::fall_back(std::string_view what, const base::Error& why) {
  if (auto put = put_fallback(); !put)
    return base::wrap(put.error(), fmt::format("{} cannot be put back ({}), and nobody but "
                                               "management cannot be let in either",
                                               what, why.message));
  const bool is_nobody = !policy_ || !lets_anybody_in(*policy_);
  return fmt::format(
      "{} cannot be put back ({}): {} gets in; apply a policy", what, why.message,
      is_nobody ? "nobody at all (\"management\" names no address)" : "nobody but management");
}

// Damaged as well, or from before there was one: ssh from anywhere, and nothing is forwarded.
Result<> Keeper::put_fallback() {
  PolicyBundle bundle = management_only(std::nullopt, Forwarding::denied);
  if (const auto text = state_.read(std::string(kFallbackFile), kBundleBytesMax); text && *text) {
    if (auto kept = parse_bundle(**text)) bundle = std::move(*kept);
  }
  auto wanted = candidate(0, std::move(bundle), FeedUse::last_known);
  if (!wanted) return wanted.error();
  // Whatever failed before, it may have gone half of its way.
  auto table = kernel_.read();
  if (!table) return table.error();
  snapshot_ = std::move(*table);
  is_unread_ = false;
  live_.reset();
  if (auto done = put(0, std::move(*wanted)); !done) return done;
  is_fallback_ = true;
  return {};
}

void Keeper::read_bans(std::vector<std::string>& said) {
  const auto text = state_.read("bans.json", kBansBytesMax);
  if (!text) said.push_back(text.error().message + ": no ban is restored");
  if (!text || !*text) return;
  if (auto restored = bans_.restore(**text, times_.wall()); !restored)
    said.push_back(restored.error().message + "; it is left behind, and no ban restored");
}

Result<> Keeper::look() {
  auto table = kernel_.read();
  if (!table) return table.error();
  snapshot_ = std::move(*table);
  std::vector<std::string> said;
  read_bans(said);
  const auto confirmed = state_.confirmed();
  if (!confirmed) return confirmed.error();
  const auto pending = state_.pending();
  if (pending && *pending && time_left(**pending, times_.boot()).count() > 0) pending_ = **pending;
  const auto there = snapshot_ ? revision_of(*snapshot_) : std::nullopt;
  const bool is_pending = pending_ && there == pending_->revision;
  const std::uint64_t revision = is_pending ? pending_->revision : confirmed->value_or(0);
  if (revision == 0) return {};
  auto bundle = state_.bundle(revision);
  if (!bundle) return bundle.error();
  auto expected = candidate(revision, std::move(*bundle), FeedUse::last_known);
  if (!expected) return expected.error();
  Ruleset ruleset = named_as(expected->prepared.compiled.ruleset, snapshot_);
  settle(revision, std::move(*expected), std::move(ruleset));
  is_only_looking_ = true;
  return {};
}

Result<std::vector<std::string>> Keeper::recover() {
  return recover_with(Waiting::goes_on);
}

Result<std::vector<std::string>> Keeper::undo_unconfirmed() {
  return recover_with(Waiting::is_over);
}

// What is said of it includes what has been noted on the way.
std::vector<std::string> Keeper::with_notes(std::vector<std::string> done) {
  for (std::string& note : take_notes())
    done.push_back(std::move(note));
  return done;
}

Result<std::vector<std::string>> Keeper::recover_with(Waiting waiting) {
  std::vector<std::string> done;
  auto table = kernel_.read();
  if (!table) return table.error();
  snapshot_ = std::move(*table);
  read_bans(done);
  const auto pending = state_.pending();
  const auto confirmed = state_.confirmed();
  const bool is_confirmed = pending && *pending && confirmed && *confirmed == (*pending)->revision;
  if (waiting == Waiting::goes_on && pending && *pending && !is_confirmed &&
      time_left(**pending, times_.boot()).count() > 0) {
    // It may not have come to its batch: then the table is still the old one, and so it stays.
    const auto there = snapshot_ ? revision_of(*snapshot_) : std::nullopt;
    if (there == (*pending)->revision) {
      const auto adopted = adopt((*pending)->revision);
      if (adopted) {
        pending_ = **pending;
        done.push_back(fmt::format("revision {} still waits to be confirmed", pending_->revision));
        return with_notes(std::move(done));
      }
      done.push_back("what waits to be confirmed cannot be taken over: " + adopted.error().message);
    }
  }
  if (!pending)
    done.push_back(pending.error().message + "; it counts as expired");
  else if (*pending && !is_confirmed)
    done.push_back(
        fmt::format("revision {} was not confirmed: it is undone", (*pending)->revision));
  if (auto returned = return_to_confirmed(done); !returned) return returned.error();
  if (auto cleared = state_.clear_pending(); !cleared) return cleared.error();
  if (pending && *pending && !is_confirmed) decline((*pending)->revision);
  return with_notes(std::move(done));
}

}  // namespace ravelin::firewall
