#include "firewall/control/keeper.h"

#include "base/text.h"
#include "firewall/control/addition.h"
#include "firewall/control/drift.h"
#include "firewall/control/fallback.h"
#include "firewall/control/rebuild.h"
#include "firewall/diff/change.h"
#include "policies/model/meaning.h"

#include <algorithm>
#include <iterator>

namespace ravelin::firewall {
namespace {

using base::Errc;

constexpr std::string_view kDeclinedFile = "declined";  // its own_hash(); empty: nothing is

constexpr int kTriesMax = 5;  // when others change the ruleset at the same time

// "7 0a1b2c3d4e5f6071": the number and what its policy was.
std::string revision_text(std::uint64_t revision, const PolicyBundle& bundle) {
  return fmt::format("{} {}", revision, bundle.hash());
}

FeedSize size_of(const FeedBlocks& blocks) {
  const auto count = [&](FeedPart part) {
    return static_cast<std::uint32_t>(blocks[static_cast<std::size_t>(part)]->count());
  };
  return {count(FeedPart::hosts4), count(FeedPart::nets4), count(FeedPart::hosts6),
          count(FeedPart::nets6)};
}

}  // namespace

std::string Keeper::live_identity() const {
  if (is_unread_ && live_) return identity_;
  if (snapshot_) {
    for (const RuleCount& rule : snapshot_->rules) {
      if (rule.chain == kRevisionChain) return rule.comment;
    }
  }
  return "none";
}

std::optional<std::uint64_t> revision_of(const LiveTable& table) {
  for (const RuleCount& rule : table.rules) {
    if (rule.chain != kRevisionChain) continue;
    const auto number = base::parse_u64(rule.comment.substr(0, rule.comment.find(' ')));
    if (number) return *number;
  }
  return std::nullopt;
}

Result<Keeper::Candidate> Keeper::candidate(std::uint64_t revision, PolicyBundle bundle,
                                            FeedUse use) {
  auto policy = policy_of(bundle);
  if (!policy) return policy.error();
  std::string identity = revision_text(revision, bundle);
  return compiled({std::move(bundle), std::move(*policy), {}}, std::move(identity), use);
}

Result<Keeper::Candidate> Keeper::compiled(Prepared prepared, std::string identity, FeedUse use) {
  Candidate made{{}, std::move(identity), {}};
  prepared.bundle.judged_at = times_.wall();  // `until` has gone on since the policy was written
  CompileOptions options{.revision = made.identity};
  options.never = never_;
  for (const policies::Feed& feed : prepared.policy.feeds) {
    auto blocks = blocks_of(feed, use);
    if (!blocks) return blocks.error();
    if (!*blocks) continue;  // empty, but for what the kernel has of it
    options.feeds[feed.name] = size_of(**blocks);
    made.feeds.emplace(feed.name, std::move(**blocks));
  }
  made.prepared = compile_bundle(std::move(prepared.bundle), std::move(prepared.policy), options);
  return made;
}

Result<std::optional<FeedBlocks>> Keeper::blocks_of(const policies::Feed& feed, FeedUse use) {
  auto blocks = feeds_.blocks(feed);
  if (blocks && use == FeedUse::demanded) {
    if (const std::string trouble = feeds_.trouble_with(feed); !trouble.empty())
      note(fmt::format("feed \"{}\": {}", feed.name, trouble));
  }
  if (blocks || use == FeedUse::demanded) return blocks;
  auto last = feeds_.last_known(feed);
  if (!last) return blocks;
  note(blocks.error().message + ": what was read last is used");
  return last;
}

Result<> Keeper::put(std::uint64_t revision, Candidate wanted) {
  const Ruleset& compiled = wanted.prepared.compiled.ruleset;
  const Ruleset target = live_ ? with_fresh_chains(*live_, compiled) : compiled;
  Ruleset placed_now = live_ ? placed(*live_, target) : target;
  Transaction elements;
  append_feeds(wanted, placed_now, elements);
  append_bans(placed_now, Refill::new_sets, elements);
  append_quarantined(placed_now, Refill::new_sets, elements);
  if (live_) {
    Stages steps = stages(*live_, target);
    append(steps, *live_, std::move(elements));
    if (auto done = commit_stages(steps); !done) return done.error();
  } else {
    Transaction steps = rebuild(snapshot_, target);
    std::move(elements.begin(), elements.end(), std::back_inserter(steps));
    if (auto done = send(steps); !done) return done.error();
  }
  // The kernel has it: what fails from here on changes nothing about that.
  settle(revision, std::move(wanted), std::move(placed_now));
  read_back();
  resume_overload();
  let_go(*policy_);
  return {};
}

// Whatever is refused, packets go the old way or the new one. What could not be cleaned up leads
// nowhere; the next start finds it and makes the table anew.
Result<> Keeper::commit_stages(const Stages& stages) {
  if (auto done = send(stages.prepare); !done) return done;
  if (auto done = send(stages.flip); !done) {
    static_cast<void>(send(stages.undo));
    return done;
  }
  kernel_.wait_for_packets();
  static_cast<void>(send(stages.clean));
  return {};
}

// What cannot be read now is judged by its outline when it is looked at again (drift()).
void Keeper::read_back() {
  if (is_unread_) return;
  auto now = kernel_.read();
  if (now) {
    snapshot_ = std::move(*now);
    return;
  }
  is_unread_ = true;
  note("the table could not be read after the change: " + now.error().message);
}

void Keeper::note(std::string text) {
  if (notes_.size() < kNotesMax) notes_.push_back(std::move(text));
}

void Keeper::settle(std::uint64_t revision, Candidate wanted, Ruleset placed_now) {
  live_ = std::move(placed_now);
  loaded_ = std::move(wanted.feeds);
  policy_ = std::move(wanted.prepared.policy);
  identity_ = std::move(wanted.identity);
  judged_at_ = wanted.prepared.bundle.judged_at;
  is_fallback_ = false;
  live_revision_ = revision;
}

Result<> Keeper::put_revision(std::uint64_t revision) {
  auto bundle = state_.bundle(revision);
  if (!bundle) return bundle.error();
  auto wanted = candidate(revision, std::move(*bundle), FeedUse::last_known);
  if (!wanted) return base::wrap(wanted.error(), fmt::format("revision {}", revision));
  return put(revision, std::move(*wanted));
}

// What is live, judged and filled anew: from memory, so that no disk keeps it from being right.
Result<> Keeper::put_again() {
  auto wanted = compiled({{}, *policy_, {}}, identity_, FeedUse::last_known);
  if (!wanted) return wanted.error();
  return put(live_revision_, std::move(*wanted));
}

// Our own table changes through us alone, so a generation that others move does not make the steps
// wrong; they are sent again.
Result<> Keeper::send(const Transaction& steps) {
  Result<> done;
  if (steps.empty()) return done;
  Result<Generation> generation = Generation{0};
  for (int tries = 0; tries < kTriesMax; ++tries) {
    generation = kernel_.generation();
    if (!generation) return generation.error();
    done = kernel_.apply(steps, *generation);
    if (done || done.error().code != Errc::conflict) break;
  }
  if (done || done.error().code != Errc::protocol) return done;
  // Nobody says whether it was done. It was not, if nothing has changed since; else it counts as
  // done until the table is looked at.
  const auto now = kernel_.generation();
  if (now && *now == *generation) return done;
  note(done.error().message + ": whether the table is as it should be is looked at next");
  is_unread_ = true;
  return {};
}

Result<> Keeper::commit(const Transaction& steps) {
  if (auto done = send(steps); !done) return done;
  read_back();
  return {};
}

Result<> Keeper::take_down() {
  if (auto done = commit(firewall::remove()); !done && done.error().code != Errc::not_found)
    return done;
  live_.reset();
  snapshot_.reset();
  is_unread_ = false;
  to_lift_.clear();
  policy_.reset();
  loaded_.clear();
  quarantined_.clear();
  tightened_until_ = {};
  live_revision_ = 0;
  return {};
}

Result<Keeper::Applied> Keeper::apply(PolicyBundle bundle, const ApplyOptions& options) {
  // Where it cannot be read a policy that is applied is the way out.
  const auto known = state_.confirmed();
  const std::uint64_t confirmed = known ? known->value_or(0) : 0;
  const auto info = state_.add(bundle, options.by, options.reason, times_.wall());
  if (!info) return info.error();
  auto wanted = candidate(info->number, std::move(bundle), FeedUse::demanded);
  if (!wanted) return wanted.error();
  if (options.confirm_within) {
    const BootTime now = times_.boot();
    const Pending pending{info->number,
                          confirmed,
                          now.since_boot,
                          {now.boot_id, now.since_boot + *options.confirm_within}};
    if (auto kept = state_.set_pending(pending); !kept) return kept.error();
    const std::optional<Pending> before = std::exchange(pending_, pending);
    if (auto done = put(info->number, std::move(*wanted)); !done) {
      pending_ = before;
      const auto undone = before ? state_.set_pending(*before) : state_.clear_pending();
      return undone ? done.error() : undone.error();
    }
  } else {
    if (auto done = put(info->number, std::move(*wanted)); !done) return done.error();
    if (auto kept = confirm_or_undo(info->number); !kept) return kept.error();
  }
  decline(0);
  return Applied{info->number, confirmed, options.confirm_within.has_value()};
}

Result<Keeper::Applied> Keeper::go_back(PolicyBundle bundle, const ApplyOptions& options) {
  const std::uint64_t from = live_revision_;
  auto applied = apply(std::move(bundle), options);
  if (applied) decline(from);
  return applied;
}

// 0: nothing is, any more. What is live is not declined either, under whatever number it was
// before.
void Keeper::decline(std::uint64_t revision) {
  std::string hash;
  if (revision != 0) {
    const auto bundle = state_.bundle(revision);
    if (!bundle) return;
    hash = own_hash(*bundle);
    if (live_revision_ != 0) {
      const auto live = live_bundle();
      if (live && own_hash(*live) == hash) return;
    }
  }
  const std::string name(kDeclinedFile);
  const auto kept = state_.read(name, kBundleBytesMax);
  if (kept && kept->value_or("") == hash) return;
  if (const auto done = state_.replace(name, hash); !done)
    note(
        "whether the policy was taken back is not recorded: who follows its file may apply it "
        "again: " +
        done.error().message);
}

bool Keeper::is_declined(const PolicyBundle& bundle) const {
  const auto kept = state_.read(std::string(kDeclinedFile), kBundleBytesMax);
  return kept && *kept && **kept == own_hash(bundle);
}

Result<> Keeper::renew(const PolicyBundle& bundle) {
  auto wanted = candidate(live_revision_, bundle, FeedUse::last_known);
  if (!wanted) return wanted.error();
  if (auto done = put(live_revision_, std::move(*wanted)); !done) return done;
  auto kept = keep_fallback();
  if (kept) kept = state_.renew(live_revision_, bundle);
  if (!kept)
    note("what the policy asked of the world is not kept: a start has what it was before: " +
         kept.error().message);
  return {};
}

Result<> Keeper::confirm(std::uint64_t revision) {
  if (revision != live_revision_)
    return base::fail(Errc::conflict, "revision {} is not what the kernel has ({})", revision,
                      live_revision_);
  // First: a confirmed revision always has one to fall back to.
  if (auto kept = keep_fallback(); !kept) return kept;
  if (auto done = state_.confirm(revision); !done) return done;
  if (auto done = state_.clear_pending(); !done) return done;
  pending_.reset();
  return {};
}

// Of the live policy; written when it is another than what is kept.
Result<> Keeper::keep_fallback() {
  const std::optional<policies::Management> management =
      policy_ ? policy_->management : std::nullopt;
  const bool forwards = !policy_ || policies::forwards(*policy_);
  const std::string text = format_bundle(
      management_only(management, forwards ? Forwarding::denied : Forwarding::left_alone));
  const auto kept = state_.read(std::string(kFallbackFile), kBundleBytesMax);
  if (kept && *kept == text) return {};
  if (management && management->from.is_restricted && management->from.ranges.empty())
    note(
        "\"management\": \"from\" holds no address: were the confirmed revision ever lost, nobody "
        "at all would get in");
  return state_.replace(std::string(kFallbackFile), text);
}

// What the disk does not remember would be gone after the next start: then rather now.
Result<> Keeper::confirm_or_undo(std::uint64_t revision) {
  const auto kept = confirm(revision);
  if (kept) return {};
  const auto confirmed = state_.confirmed();
  if (confirmed && *confirmed == revision) {
    note("after the revision was recorded as confirmed: " + kept.error().message);
    return {};
  }
  const std::uint64_t before = confirmed ? confirmed->value_or(0) : 0;
  base::Error why = base::wrap(kept.error(), "it cannot be recorded as confirmed");
  const auto undone = !confirmed    ? Result<>(confirmed.error())
                      : before != 0 ? put_revision(before)
                                    : take_down();
  if (undone) return why;
  return base::wrap(undone.error(),
                    fmt::format("revision {} is in the kernel until the next start: {}, and it "
                                "cannot be undone",
                                revision, why.message));
}

Result<Keeper::Applied> Keeper::rollback(std::optional<std::uint64_t> revision,
                                         const std::string& by) {
  const std::uint64_t from = live_revision_;
  if (revision) {
    auto bundle = state_.bundle(*revision);
    if (!bundle) return bundle.error();
    return go_back(std::move(*bundle), {{}, by, fmt::format("rollback to {}", *revision)});
  }
  if (!pending_)
    return base::fail(
        Errc::conflict,
        "nothing is unconfirmed; name the revision to go back to (ravelin firewall history)");
  const auto confirmed = state_.confirmed();
  const bool is_first = confirmed && !*confirmed;
  const auto done = !confirmed ? Result<>(confirmed.error())
                    : is_first ? take_down()
                               : put_revision(**confirmed);
  // Others were at it: once more, later. What else is wrong stays so, and what nobody confirmed
  // must not.
  if (!done && (is_first || done.error().code == Errc::conflict)) return done.error();
  if (!done) {
    auto said = fall_back("the confirmed revision", done.error());
    if (!said) return said.error();
    note(std::move(*said));
  }
  if (auto cleared = state_.clear_pending(); !cleared) return cleared.error();
  decline(pending_->revision);
  pending_.reset();
  return Applied{live_revision_, from, false};
}

Result<std::optional<std::string>> Keeper::tick() {
  using Said = std::optional<std::string>;
  if (!to_lift_.empty()) static_cast<void>(lift_rest());
  if (!pending_ || time_left(*pending_, times_.boot()).count() > 0) return Said();
  const std::uint64_t revision = pending_->revision;
  const auto done = rollback({}, "timer");
  if (!done)
    return base::wrap(
        done.error(),
        fmt::format("revision {} was not confirmed in time and cannot be undone", revision));
  if (is_fallback_)
    return Said(fmt::format("revision {} was not confirmed in time: nobody but management gets in",
                            revision));
  return Said(
      done->revision == 0
          ? fmt::format("revision {} was not confirmed in time: the table is removed, as before it",
                        revision)
          : fmt::format("revision {} was not confirmed in time: back to revision {}", revision,
                        done->revision));
}

Result<bool> Keeper::expire_rules() {
  if (live_revision_ == 0 || !policy_) return false;
  const auto now = times_.wall();
  const auto has_ended = [&](const std::optional<std::chrono::sys_seconds>& until) {
    return until && judged_at_ < *until && *until <= now;
  };
  const bool is_due =
      std::any_of(policy_->nat.begin(), policy_->nat.end(),
                  [&](const policies::NatRule& nat) { return has_ended(nat.until); }) ||
      std::any_of(
          policy_->lists.begin(), policy_->lists.end(), [&](const policies::RuleList& list) {
            return std::any_of(list.rules.begin(), list.rules.end(),
                               [&](const policies::Rule& rule) { return has_ended(rule.until); });
          });
  if (!is_due) return false;
  if (auto done = put_again(); !done) return done.error();
  return true;
}

Result<> Keeper::remove() {
  const std::uint64_t from = live_revision_;
  if (auto done = take_down(); !done) return done;
  if (from != 0) decline(from);
  if (auto done = state_.forget_confirmed(); !done) return done;
  if (auto done = state_.clear_pending(); !done) return done;
  pending_.reset();
  return {};
}

Result<std::vector<std::string>> Keeper::drift() {
  const auto now = kernel_.read();
  if (!now) return now.error();
  if (!live_ || (!is_only_looking_ && !is_unread_)) return firewall::drift(snapshot_, *now);
  std::vector<std::string> lines = outline_drift(*live_, *now);
  if (is_unread_ && lines.empty()) {
    snapshot_ = *now;
    is_unread_ = false;
  }
  return lines;
}

Result<> Keeper::heal() {
  if (live_revision_ == 0 && !is_fallback_) return take_down();
  const auto now = kernel_.read();
  if (!now) return now.error();
  live_.reset();
  snapshot_ = *now;
  is_unread_ = false;
  auto done = is_fallback_ || !policy_ ? put_fallback() : put_again();
  if (done || *now || is_fallback_ || done.error().code == Errc::conflict) return done;
  auto said = fall_back(fmt::format("revision {}", live_revision_), done.error());
  if (!said) return said.error();
  note(std::move(*said));
  return {};
}

}  // namespace ravelin::firewall
