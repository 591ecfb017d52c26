// PoolMembers: which servers the pools of the running gateway have: its sources of servers, the
// operator's orders, and what there is to say about both. The control thread.
#pragma once

#include "gateway/discovery/discovery.h"
#include "gateway/discovery/overrides_file.h"
#include "gateway/proxy/snapshot.h"
#include "gateway/runtime/build_snapshot.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ravelin::gateway {

class PoolMembers {
 public:
  PoolMembers(Discovery::Changed changed, Discovery::DnsFactory dns)
      : discovery_(std::move(changed), std::move(dns)) {}

  // Takes the saved orders over; a file that cannot be used is reported, and the gateway goes
  // without it. Once, at the start.
  void open_overrides(const Config& config);

  Discovery& discovery() { return discovery_; }

  [[nodiscard]] const Discovery& discovery() const { return discovery_; }

  OverridesFile& file() { return file_; }

  // The orders in force.
  [[nodiscard]] const OverrideSet& orders() const { return orders_; }

  void apply_orders(const OverrideEdits& edits) { apply_edits(edits, orders_); }

  // With what the sources of `next` know, or those in use, and perhaps other orders.
  [[nodiscard]] PoolConfig with_members(const PoolConfig& pool, const Discovery::Next& next) const;
  [[nodiscard]] Membership members_of(const PoolConfig& pool) const;
  [[nodiscard]] Membership members_of(const PoolConfig& pool, const OverrideSet& orders) const;

  // A generation is in use: logs which servers came and went (`before`: null at the start), and
  // what there is to say about its pools and orders and was not said before. `left_out`: what could
  // not be built. Orders about a weight that the configuration has changed since are over.
  void in_use(const Snapshot* before, const Snapshot& snapshot, const FindingsByPool& left_out);
  // The same where only these pools are others.
  void in_use(const Snapshot& before, const Snapshot& snapshot,
              const std::vector<std::size_t>& pools, const FindingsByPool& left_out);

  // Whether an order in force has nothing it could have an effect on.
  [[nodiscard]] bool is_idle(const OverrideKey& key) const { return idle_.contains(key); }

 private:
  void look_at(const Snapshot& snapshot, std::size_t pool, const FindingsByPool& left_out);
  void say_once(const std::string& pool, const std::vector<std::string>& findings);
  void look_for_idle(const Snapshot& snapshot, const std::set<std::string>* pools);
  [[nodiscard]] bool has_effect(const OverrideKey& key, const Override& order,
                                const PoolRuntime& pool, const Membership& members) const;

  Discovery discovery_;
  OverridesFile file_{""};
  OverrideSet orders_;
  std::set<OverrideKey> idle_;
  std::map<std::string, std::set<std::string>> said_;  // by pool: findings that still hold
};

}  // namespace ravelin::gateway
