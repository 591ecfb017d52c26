// The table and what is remembered of it, kept together: every change of policy goes through here,
// in an order that leaves the old state or the new one wherever it is cut off.
//   apply     revision on the disk ▸ pending on the disk ▸ one batch ▸ (confirmed: recorded)
//             once the batch is in the kernel, what fails after it is told, done again, and no
//             reason to forget that the change waits to be confirmed
//   confirm   recorded as confirmed ▸ pending removed
//   rollback, remove, or the end of the time to confirm: what was live is declined (is_declined())
//   rollback  one batch back to the confirmed revision ▸ pending removed; where that revision
//             cannot be put back, nobody but management gets in
//   recover   at every start: what is pending and still in time goes on waiting, what is not is
//             undone, and what is missing in the kernel is put back
// Blocks on the disk and the kernel; one thread. Holds the lock of the state directory.
#pragma once

#include "firewall/control/prepare.h"
#include "firewall/control/set_changes.h"
#include "firewall/control/times.h"
#include "firewall/diff/stages.h"
#include "firewall/kernel/kernel.h"
#include "firewall/state/ban_book.h"
#include "firewall/state/state_dir.h"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::firewall {

// The keys of a feed, by FeedPart; never null.
using FeedBlocks = std::array<std::shared_ptr<const KeyBlock>, 4>;

// Where the contents of feeds come from.
class FeedSource {
 public:
  virtual ~FeedSource() = default;
  // None: it was never read well, so nobody knows what belongs there. Error: the policy says that
  // this must not be.
  virtual Result<std::optional<FeedBlocks>> blocks(const policies::Feed& feed) = 0;
  // What was read last, however old it is and whatever the policy says of stale lists; none:
  // nothing was.
  virtual std::optional<FeedBlocks> last_known(const policies::Feed& feed) = 0;

  // Why the last reading was of no use, and what stands for it; "" = it was good.
  [[nodiscard]] virtual std::string trouble_with(const policies::Feed& /*feed*/) const {
    return {};
  }

  // Whether its `refresh` has passed since blocks() was asked.
  [[nodiscard]] virtual bool is_due(const policies::Feed& feed) const = 0;
};

class Keeper {
 public:
  Keeper(Kernel& kernel, StateDir& state, const Times& times, FeedSource& feeds)
      : kernel_(kernel), state_(state), times_(times), feeds_(feeds) {}

  // What a start found and did, in words; empty: all was as it should be. Error: the kernel could
  // not be given what it should have; then nothing filters as the policy says, and the message says
  // so.
  Result<std::vector<std::string>> recover();

  // The same as if all that is unconfirmed had had its time.
  Result<std::vector<std::string>> undo_unconfirmed();

  // Instead of recover(), to answer questions without changing anything; needs no lock.
  Result<> look();

  struct ApplyOptions {
    std::optional<std::chrono::seconds> confirm_within;  // none: confirmed at once
    std::string by;
    std::string reason = "apply";
  };

  struct Applied {
    std::uint64_t revision = 0;
    std::uint64_t previous = 0;  // 0: there was none
    bool is_pending = false;
  };

  // The policy has been checked and its tests have passed. An unconfirmed change before it is
  // replaced: a rollback then leads to what was confirmed. Error: nothing has changed, unless
  // live_revision() is another one now; the message says why then.
  Result<Applied> apply(PolicyBundle bundle, const ApplyOptions& options);

  // The revision that is in force with other facts: the same one, in the kernel, then on the disk.
  // Error: nothing has changed.
  Result<> renew(const PolicyBundle& bundle);

  // Errc::conflict: nothing is pending, or another revision is.
  Result<> confirm(std::uint64_t revision);

  // Back to the confirmed revision, or to the one given, which is then confirmed. Without a
  // confirmed one the table is removed, as it was before the first apply. Where the confirmed one
  // cannot be put back nobody but management gets in (is_fallback(); a note says why).
  Result<Applied> rollback(std::optional<std::uint64_t> revision, const std::string& by);

  // What did not go as it should since the last call without changing what was answered, in words;
  // at most kNotesMax.
  static constexpr std::size_t kNotesMax = 64;

  [[nodiscard]] std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

  // To be called at least once a second: undoes what was not confirmed in time. What was done, in
  // words.
  Result<std::optional<std::string>> tick();

  // As apply(), in place of what is live, which is declined.
  Result<Applied> go_back(PolicyBundle bundle, const ApplyOptions& options);

  // Whether a policy of these texts is what somebody took back, or did not confirm in time, and
  // none was applied since: who follows files leaves it alone until they change.
  [[nodiscard]] bool is_declined(const PolicyBundle& bundle) const;

  // Removes the table, and what is confirmed with it.
  Result<> remove();

  // Differences to what was put there; heal() puts it right again, without the disk. Where the
  // kernel does not take it and there is no table, nobody but management gets in.
  Result<std::vector<std::string>> drift();
  Result<> heal();

  // Takes out rules whose `until` has passed since the policy was put there. Whether there were
  // any.
  Result<bool> expire_rules();

  // Puts the present contents of all feeds that are due into the kernel where they have changed.
  // Which did.
  Result<std::vector<std::string>> refresh_feeds();

  // Of the feeds of the policy in force: by name, what is wrong with each that cannot be read.
  [[nodiscard]] std::map<std::string, std::string> feed_troubles() const;

  // Bans take effect in the kernel before they are answered; save_bans writes the book to the disk.
  Result<Ban> ban(const BanOrder& order);
  // One batch; where the kernel refuses it, each alone.
  Result<std::vector<Result<Ban>>> ban_all(const std::vector<BanOrder>& orders);
  Result<std::vector<Ban>> unban(const base::IpPrefix& target);
  Result<> save_bans();

  // What has ended is forgotten in its time, once a second; whether anything was.
  bool expire_bans() { return bans_.expire(times_.wall()) != 0; }

  // New connections to these servers are refused for so long, and those to no others
  // (policies::Quarantine). Errc::not_found: the policy has none. Other errors: it is as it was.
  Result<> quarantine(const std::vector<base::IpEndpoint>& servers, std::chrono::seconds duration);

  // The policy's limits for an overload hold for so long; 0: no more. Errc::not_found: the policy
  // has none. Other errors: it is as it was.
  Result<> tighten(std::chrono::seconds duration);

  // For how long, as far as is known; 0: they do not hold.
  [[nodiscard]] std::chrono::seconds tightened_for() const;

  // Each with how long it is cut off, as far as is known; kept in memory alone.
  [[nodiscard]] std::vector<std::pair<base::IpEndpoint, std::chrono::seconds>> quarantined() const;

  [[nodiscard]] const BanBook& bans() const { return bans_; }

  // What was banned since the last call, at most kFreshBansMax of it.
  static constexpr std::size_t kFreshBansMax = 1024;

  [[nodiscard]] std::vector<base::IpPrefix> take_fresh_bans() { return std::exchange(fresh_, {}); }

  // What the kernel holds of a ban now; none: nothing.
  struct BanInKernel {
    std::string set;
    std::optional<std::chrono::milliseconds> expires;
  };

  Result<std::optional<BanInKernel>> find_in_kernel(const Ban& ban);

  // Errc::denied, with what names it: the target is never banned.
  [[nodiscard]] Result<> may_ban(const base::IpPrefix& target) const;

  [[nodiscard]] std::optional<Pending> pending() const { return pending_; }

  // Whether only management gets in, since the confirmed revision could not be put back.
  [[nodiscard]] bool is_fallback() const { return is_fallback_; }

  [[nodiscard]] std::uint64_t live_revision() const { return live_revision_; }

  // That revision, or another one, from the disk.
  [[nodiscard]] Result<PolicyBundle> live_bundle() const { return bundle_of(live_revision_); }

  [[nodiscard]] Result<PolicyBundle> bundle_of(std::uint64_t revision) const {
    return state_.bundle(revision);
  }

  // What the kernel holds, as put there; none: no table.
  [[nodiscard]] const std::optional<Ruleset>& live() const { return live_; }

  [[nodiscard]] const std::optional<policies::Policy>& policy() const { return policy_; }

  Result<std::optional<LiveTable>> read() { return kernel_.read(); }

  // Which revision of which policy the table says it holds: "7 0a1b2c3d4e5f6071"; "none" without a
  // table. What a plan is bound to.
  [[nodiscard]] std::string live_identity() const;

  // Never banned, besides what policies name: this host's own addresses. The kernel has them from
  // the next policy on.
  void never_ban(policies::AddressRanges addresses) {
    never_ = policies::normalised(std::move(addresses));
  }

 private:
  // A policy on its way into the kernel, with what its feeds hold.
  struct Candidate {
    Prepared prepared;
    std::string identity;                                  // what the table says of itself
    std::map<std::string, FeedBlocks, std::less<>> feeds;  // without those nobody knows
  };

  // Who applies a policy has its feeds as they are to be; who keeps one or comes back to one takes
  // what was known of them last.
  enum class FeedUse { demanded, last_known };
  Result<Candidate> candidate(std::uint64_t revision, PolicyBundle bundle, FeedUse use);
  Result<Candidate> compiled(Prepared prepared, std::string identity, FeedUse use);
  Result<std::optional<FeedBlocks>> blocks_of(const policies::Feed& feed, FeedUse use);
  Result<> put_again();
  Result<> put(std::uint64_t revision, Candidate wanted);
  Result<> put_revision(std::uint64_t revision);
  void append_feeds(const Candidate& wanted, const Ruleset& placed_now, Transaction& steps) const;
  enum class Refill { new_sets, all };
  void append_bans(const Ruleset& placed_now, Refill refill, Transaction& steps) const;
  void append_quarantined(const Ruleset& placed_now, Refill refill, Transaction& steps) const;
  void resume_overload();
  Result<> commit(const Transaction& steps);
  Result<> send(const Transaction& steps);
  Result<> commit_stages(const Stages& stages);
  void read_back();
  void note(std::string text);
  Result<> keep_fallback();
  Result<> confirm_or_undo(std::uint64_t revision);
  void decline(std::uint64_t revision);
  void settle(std::uint64_t revision, Candidate wanted, Ruleset placed_now);
  void let_go(const policies::Policy& policy);
  Result<> lift_rest();
  Result<> take_down();
  Result<> adopt(std::uint64_t revision);
  void read_bans(std::vector<std::string>& said);
  enum class Waiting { goes_on, is_over };
  Result<std::vector<std::string>> recover_with(Waiting waiting);
  std::vector<std::string> with_notes(std::vector<std::string> done);
  Result<> return_to_confirmed(std::vector<std::string>& done);
  Result<std::string> fall_back(std::string_view what, const base::Error& why);
  Result<> put_fallback();
  [[nodiscard]] bool is_own(const base::IpPrefix& target) const;
  Result<std::vector<Result<Ban>>> ban_together(const std::vector<BanOrder>& orders);
  void append_ranges(const std::set<base::Family>& families, Transaction& steps) const;
  [[nodiscard]] Transaction ban_steps(const std::vector<BanBook::Change>& changes);
  [[nodiscard]] Transaction lift_steps(const std::vector<Ban>& lifted);
  void take_out(std::string_view name, const Element& element, SetChanges& changes);
  void put_in(std::string_view name, Element element, SetChanges& changes) const;

  Kernel& kernel_;
  StateDir& state_;
  const Times& times_;
  FeedSource& feeds_;
  BanBook bans_;
  // Until when, since the boot: who sets the clock changes nothing.
  std::map<base::IpEndpoint, std::chrono::nanoseconds> quarantined_;
  std::chrono::nanoseconds tightened_until_{0};
  std::vector<base::IpPrefix> fresh_;  // banned, and their flows not ended yet
  std::vector<Ban> to_lift_;           // out of the book, but not yet of the kernel's sets
  std::vector<std::string> notes_;
  std::optional<Pending> pending_;
  std::optional<Ruleset> live_;                            // as it stands in the kernel
  std::optional<LiveTable> snapshot_;                      // of the kernel, after our last change
  bool is_unread_ = false;                                 // it is older than that
  std::map<std::string, FeedBlocks, std::less<>> loaded_;  // what the feeds' sets hold
  std::optional<policies::Policy> policy_;
  std::string identity_;  // of the live one
  policies::AddressRanges never_;
  std::uint64_t live_revision_ = 0;
  std::chrono::sys_seconds
      judged_at_{};  // when the live policy's rules were judged by their `until`
  bool is_only_looking_ = false;
  bool is_fallback_ = false;
};

// The revision a table says it holds (kRevisionChain); none: it does not say.
std::optional<std::uint64_t> revision_of(const LiveTable& table);

}  // namespace ravelin::firewall
