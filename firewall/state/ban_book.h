// Who is banned, why and until when: the decisions about bans, apart from the kernel that enforces
// them and the disk that keeps them. Pure: times are given; one thread.
#pragma once

#include "base/result.h"
#include "firewall/state/banned_ranges.h"
#include "policies/model/policy.h"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::firewall {

using base::Result;
using std::chrono::seconds;
using std::chrono::sys_seconds;

struct Ban {
  base::IpPrefix target;  // an IPv4 address, an IPv6 /64, or a wider range of either
  sys_seconds since{}, until{};
  std::string reason;
  std::string by;  // "gateway", "root", "escalation"
  std::string request_id;
  int times = 1;  // in a row, each longer than the one before

  friend bool operator==(const Ban&, const Ban&) = default;
};

struct BanOrder {
  base::IpPrefix target;
  std::optional<seconds> duration;  // none: the policy's, longer with each repeat
  std::string reason;
  std::string by;
  std::string request_id;
};

// What is banned for an address: itself in IPv4, its /64 in IPv6; a range stays what it is, but
// none below /64.
base::IpPrefix ban_target(const base::IpPrefix& prefix);

// Whether a ban's target is more than that of one address.
bool is_range(const base::IpPrefix& target);

class BanBook {
 public:
  // The policy's rules about bans; `never` holds besides the policy's own all that must not be cut
  // off.
  // Bans they do not allow are let go; those are returned.
  std::vector<Ban> set_rules(const policies::Bans& rules, policies::AddressRanges never);

  // What a ban does to the book: the entry that now stands (for IPv6 perhaps a wider prefix than
  // asked for), and those it takes the place of. Errc::denied: the target meets `never`, which is
  // named; Errc::unavailable: the book is full, or has as many ranges as the kernel takes.
  struct Change {
    Ban ban;
    std::vector<base::IpPrefix> replaced;
    std::vector<Ban> before;  // entries as they were, for undo
  };

  Result<Change> ban(const BanOrder& order, sys_seconds now);
  void undo(const Change& change);  // the latest one

  // Whether ban() would refuse the target for what it is.
  [[nodiscard]] Result<> may_ban(const base::IpPrefix& target) const {
    return check(ban_target(target));
  }

  // All entries that cover the address or lie in the range, taken out.
  std::vector<Ban> unban(const base::IpPrefix& target);

  // The entry a request of this id caused, if it lasts; looks at all.
  [[nodiscard]] std::optional<Ban> find_request(std::string_view request_id, sys_seconds now) const;

  // The widest entry that covers the address now.
  [[nodiscard]] std::optional<Ban> find(const base::IpAddress& address, sys_seconds now) const;

  // How often an address was banned is remembered for as long again as its last ban lasted, of as
  // many as may be banned in a family (kRememberedMin at least): what is beyond is forgotten here,
  // and at each ban. How many were. O(log n) for each that ends or is forgotten.
  std::size_t expire(sys_seconds now);

  [[nodiscard]] std::vector<Ban> list(sys_seconds now) const;  // by target
  [[nodiscard]] std::size_t count(base::Family family, sys_seconds now) const;
  // Of the ranges alone, as a set of the kernel takes them.
  [[nodiscard]] std::vector<BannedRange> ranges(base::Family family, sys_seconds now) const;

  // The book as text and back; damaged entries are an error, none is lost in silence.
  [[nodiscard]] std::string format() const;
  Result<> restore(std::string_view text, sys_seconds now);

  // So many banned /64 of one /56 (or /56 of one /48) make the wider one banned.
  static constexpr std::size_t kEscalateAt = 8;
  static constexpr std::size_t kRememberedMin = 1000;
  // Of a family. Each is at most two parts without overlap, each of these two elements of a set of
  // 65,535.
  static constexpr std::size_t kRangesMax = 16'383;

 private:
  [[nodiscard]] Result<> check(const base::IpPrefix& target) const;
  [[nodiscard]] bool has_place_for(const base::IpPrefix& range, sys_seconds now) const;
  [[nodiscard]] seconds duration_of(const BanOrder& order, int times) const;
  [[nodiscard]] std::size_t live_below(const base::IpPrefix& wide, int length,
                                       sys_seconds now) const;
  Change widen(Change change, std::string_view by, sys_seconds now);

  using Entries = std::map<base::IpPrefix, Ban>;
  void put(Ban ban);
  Entries::iterator take(Entries::iterator at);

  // How many last, as of the last expire().
  struct Counts {
    std::size_t all = 0, ranges = 0;
  };

  void count_in(const base::IpPrefix& target, bool lasts);

  [[nodiscard]] const Counts& counts(base::Family family) const {
    return counts_[family == base::Family::ipv4 ? 0 : 1];
  }

  policies::Bans rules_;
  policies::AddressRanges never_;
  Entries bans_;
  // Each entry is in one of them: with its end, or with the time at which it is forgotten.
  std::set<std::pair<sys_seconds, base::IpPrefix>> lasting_, ended_;
  std::array<Counts, 2> counts_{};  // by family
};

}  // namespace ravelin::firewall
