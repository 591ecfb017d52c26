// What the firewall remembers on the disk, below one directory (0700):
//   lock                    held by whoever acts on the table; its content tells who
//   revisions/N/bundle.json the policy of revision N with all it was made from
//   revisions/N/info.json   when, by whom, why
//   confirmed               the number of the revision to come back to
//   pending                 a change that is not confirmed (pending.h)
//   bans.json               bans that outlive the kernel's set
//   feeds/NAME              the last good contents of a feed (control/feed_copy.h)
// Every file is replaced whole (fsync, rename, fsync). One thread.
#pragma once

#include "firewall/state/pending.h"
#include "firewall/state/policy_bundle.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

struct RevisionInfo {
  std::uint64_t number = 0;
  std::string hash;  // of the bundle
  std::string path;  // of the policy
  std::chrono::sys_seconds made{};
  std::string by;      // "root from 198.51.100.7"
  std::string reason;  // apply, rollback, watch
};

class StateDir {
 public:
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;
  ~StateDir();  // gives the lock back

  // Makes the directory when it is not there and takes its lock. Errc::conflict: someone else has
  // it, and the message says who; Errc::denied: others could write to it.
  static Result<StateDir> open(const std::string& path);

  // Without the lock, for looking only.
  static Result<StateDir> open_to_read(const std::string& path);

  // Oldest first; numbers only grow. A revision whose files are damaged is left out.
  [[nodiscard]] std::vector<RevisionInfo> history() const;

  // Keeps a policy under the next number; the oldest but the confirmed one go beyond kRevisionsMax.
  Result<RevisionInfo> add(const PolicyBundle& bundle, std::string by, std::string reason,
                           std::chrono::sys_seconds now);
  [[nodiscard]] Result<PolicyBundle> bundle(std::uint64_t revision) const;
  // The same policy under the same number, with other facts.
  Result<> renew(std::uint64_t revision, const PolicyBundle& bundle);

  [[nodiscard]] Result<std::optional<std::uint64_t>> confirmed() const;
  Result<> confirm(std::uint64_t revision);
  Result<> forget_confirmed();  // after `off`

  // None when nothing is pending. A file that cannot be read is an error: whoever meets one undoes.
  [[nodiscard]] Result<std::optional<Pending>> pending() const;
  Result<> set_pending(const Pending& pending);
  Result<> clear_pending();

  // Other files of the directory, such as bans.json: none when it is not there.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& name,
                                                        std::size_t bytes_max) const;
  Result<> replace(const std::string& name, std::string_view content);

  // feeds/NAME; beyond kFeedsMax the one that was not written for longest goes.
  Result<> keep_feed(const std::string& name, std::string_view content);

  // Whether it has the lock.
  [[nodiscard]] bool may_write() const { return lock_ >= 0; }

  [[nodiscard]] const std::string& path() const { return path_; }

  static constexpr std::size_t kRevisionsMax = 50;
  static constexpr std::size_t kFeedsMax = 64;

 private:
  StateDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  [[nodiscard]] std::string revision_path(std::uint64_t revision) const;
  [[nodiscard]] std::vector<std::uint64_t> numbers() const;
  void prune();

  std::string path_;
  int lock_ = -1;
};

}  // namespace ravelin::firewall
