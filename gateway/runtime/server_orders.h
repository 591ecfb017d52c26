// ServerOrders: what the operator orders of servers at run time, decided and carried out: states
// and weights, servers added, removed and brought back; and saved, if that is asked for too. An
// order that cannot be saved is not carried out. The control thread.
#pragma once

#include "gateway/discovery/overrides_text.h"
#include "gateway/proxy/snapshot.h"
#include "gateway/runtime/pool_members.h"
#include "gateway/upstream/health.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class ServerOrders {
 public:
  struct Parts {
    PoolMembers& members;
    HealthMonitor& health;
    KeySource& keys;
    std::function<std::shared_ptr<const Snapshot>()> snapshot;
    std::function<void(const std::string& pool)> members_changed;
  };

  explicit ServerOrders(Parts parts) : parts_(std::move(parts)) {}

  // Errors: not_found (with what there is), conflict (said by name), invalid; as OverridesFile when
  // it is to be saved.
  base::Result<void> set_state(std::string_view pool, std::string_view server, AdminState state,
                               Saving saving);
  base::Result<void> set_weight(std::string_view pool, std::string_view server,
                                std::optional<std::uint32_t> weight, Saving saving);
  base::Result<void> add(std::string_view pool, const NewServer& server, Saving saving);
  // The last server of a pool stays, unless the pool has `discover`: one that may find none is
  // meant to stand that, any other would answer 503 by a slip of the hand.
  base::Result<void> remove(std::string_view pool, std::string_view server, Saving saving);
  base::Result<void> restore(std::string_view pool, std::string_view server, Saving saving);

  [[nodiscard]] std::vector<OverrideRow> list() const;

 private:
  [[nodiscard]] base::Result<const PoolConfig*> find_pool(const Snapshot& snapshot,
                                                          std::string_view name) const;
  base::Result<void> carry_out(const OverrideEdits& edits, Saving saving);
  [[nodiscard]] base::Result<void> check_new(const Snapshot& snapshot, const PoolConfig& pool,
                                             const NewServer& added) const;

  Parts parts_;
};

}  // namespace ravelin::gateway
