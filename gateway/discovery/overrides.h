// Overrides: the operator's orders about servers, as values: which are in force, which are saved
// for the next start, and what an order changes in both. Pure; one thread.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "gateway/config/pool_config.h"
#include "gateway/discovery/membership.h"
#include "gateway/upstream/admin_state.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kOverridesMax = 4096;

// A server has one order of each kind at most.
enum class OverrideKind : std::uint8_t { member, state, weight };

struct StateOrder {
  AdminState state = AdminState::drain;  // drain or maint

  friend bool operator==(const StateOrder&, const StateOrder&) = default;
};

struct WeightOrder {
  std::uint32_t weight = 0;      // 0 to 256
  std::uint32_t configured = 0;  // what it was set against: another one takes the order back

  friend bool operator==(const WeightOrder&, const WeightOrder&) = default;
};

struct AddOrder {
  ServerConfig server;

  friend bool operator==(const AddOrder& a, const AddOrder& b);  // wherever they were written
};

struct RemoveOrder {
  friend bool operator==(const RemoveOrder&, const RemoveOrder&) = default;
};

using Order = std::variant<StateOrder, WeightOrder, AddOrder, RemoveOrder>;

OverrideKind kind_of(const Order& order);
std::string describe(const Order& order);  // "drain", "weight 5 (of 3)", "added at 10.0.0.1:80"

struct OverrideKey {
  std::string pool;
  std::string server;
  OverrideKind kind = OverrideKind::state;

  friend auto operator<=>(const OverrideKey&, const OverrideKey&) = default;
};

struct Override {
  Order order;
  std::chrono::sys_seconds since;

  friend bool operator==(const Override&, const Override&) = default;
};

using OverrideSet = std::map<OverrideKey, Override>;

// What one command changes; nothing in place of an order takes it back.
struct OverrideEdit {
  OverrideKey key;
  std::optional<Override> now;
};

using OverrideEdits = std::vector<OverrideEdit>;

void apply_edits(const OverrideEdits& edits, OverrideSet& set);

// ---- what the orders of one pool say ----
MemberOrders member_orders(const OverrideSet& set, std::string_view pool);
const Override* find_order(const OverrideSet& set, std::string_view pool, std::string_view server,
                           OverrideKind kind);
// The operator's state; ready without an order.
AdminState ordered_state(const OverrideSet& set, std::string_view pool, std::string_view server);
// The operator's weight, if it was set against this configured one.
std::optional<std::uint32_t> ordered_weight(const OverrideSet& set, std::string_view pool,
                                            std::string_view server, std::uint32_t configured);

// ---- commands: the edits they mean ----
// `now` of each order.
OverrideEdits edits_to_set_state(const OverrideKey& server, AdminState state,
                                 std::chrono::sys_seconds now);
OverrideEdits edits_to_set_weight(const OverrideKey& server, std::optional<std::uint32_t> weight,
                                  std::uint32_t configured, std::chrono::sys_seconds now);
OverrideEdits edits_to_add(std::string_view pool, const ServerConfig& server,
                           std::chrono::sys_seconds now);
// Of a server that is there: one the operator added is forgotten with all its orders, any other is
// kept out.
OverrideEdits edits_to_remove(std::string_view pool, const ServerConfig& server,
                              std::chrono::sys_seconds now);
OverrideEdits edits_to_restore(std::string_view pool, std::string_view server);

// Everything in force or saved, for people, ordered by pool and server.
struct OverrideRow {
  std::string pool;
  std::string server;
  std::string what;   // "drain"; of what is only saved, what the next start brings
  std::string since;  // RFC 3339
  // "saved", "not saved"; "taken back" = not in force, but saved: the next start brings it;
  // "saved otherwise: maint" = in force, but the next start brings this.
  std::string saved;
  bool is_idle = false;  // in force, but there is nothing it has an effect on
};

std::vector<OverrideRow> list_overrides(const OverrideSet& in_force, const OverrideSet& saved,
                                        const std::function<bool(const OverrideKey&)>& is_idle);

// Whether an order is to outlive a restart.
enum class Saving : unsigned char { no, yes };

}  // namespace ravelin::gateway
