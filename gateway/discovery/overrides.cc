#include "gateway/discovery/overrides.h"

#include "base/utc.h"
#include "gateway/config/parse_server.h"

#include <algorithm>
#include <set>

namespace ravelin::gateway {

bool operator==(const AddOrder& a, const AddOrder& b) {
  return is_same_server(a.server, b.server);
}

OverrideKind kind_of(const Order& order) {
  if (std::holds_alternative<StateOrder>(order)) return OverrideKind::state;
  if (std::holds_alternative<WeightOrder>(order)) return OverrideKind::weight;
  return OverrideKind::member;
}

std::string describe(const Order& order) {
  if (const auto* state = std::get_if<StateOrder>(&order))
    return std::string(to_string(state->state));
  if (const auto* weight = std::get_if<WeightOrder>(&order))
    return fmt::format("weight {} (of {})", weight->weight, weight->configured);
  if (const auto* add = std::get_if<AddOrder>(&order))
    return fmt::format("added at {}", base::to_string(add->server.address));
  return "removed";
}

void apply_edits(const OverrideEdits& edits, OverrideSet& set) {
  for (const OverrideEdit& edit : edits) {
    if (edit.now) {
      set.insert_or_assign(edit.key, *edit.now);
    } else {
      set.erase(edit.key);
    }
  }
}

MemberOrders member_orders(const OverrideSet& set, std::string_view pool) {
  MemberOrders orders;
  std::vector<const Override*> added;
  for (auto place = set.lower_bound({std::string(pool), "", OverrideKind::member});
       place != set.end() && place->first.pool == pool; ++place) {
    if (std::holds_alternative<RemoveOrder>(place->second.order))
      orders.removed.insert(place->first.server);
    if (std::holds_alternative<AddOrder>(place->second.order)) added.push_back(&place->second);
  }
  std::ranges::stable_sort(added, {}, &Override::since);
  for (const Override* one : added)
    orders.added.push_back(std::get<AddOrder>(one->order).server);
  return orders;
}

const Override* find_order(const OverrideSet& set, std::string_view pool, std::string_view server,
                           OverrideKind kind) {
  if (set.empty()) return nullptr;
  const auto found = set.find({std::string(pool), std::string(server), kind});
  return found == set.end() ? nullptr : &found->second;
}

AdminState ordered_state(const OverrideSet& set, std::string_view pool, std::string_view server) {
  const Override* found = find_order(set, pool, server, OverrideKind::state);
  return found == nullptr ? AdminState::ready : std::get<StateOrder>(found->order).state;
}

std::optional<std::uint32_t> ordered_weight(const OverrideSet& set, std::string_view pool,
                                            std::string_view server, std::uint32_t configured) {
  const Override* found = find_order(set, pool, server, OverrideKind::weight);
  if (found == nullptr) return std::nullopt;
  const auto& order = std::get<WeightOrder>(found->order);
  if (order.configured != configured) return std::nullopt;
  return order.weight;
}

OverrideEdits edits_to_set_state(const OverrideKey& server, AdminState state,
                                 std::chrono::sys_seconds now) {
  OverrideEdit edit{{server.pool, server.server, OverrideKind::state}, std::nullopt};
  if (state != AdminState::ready) edit.now = Override{StateOrder{state}, now};
  return {std::move(edit)};
}

OverrideEdits edits_to_set_weight(const OverrideKey& server, std::optional<std::uint32_t> weight,
                                  std::uint32_t configured, std::chrono::sys_seconds now) {
  OverrideEdit edit{{server.pool, server.server, OverrideKind::weight}, std::nullopt};
  if (weight) edit.now = Override{WeightOrder{*weight, configured}, now};
  return {std::move(edit)};
}

OverrideEdits edits_to_add(std::string_view pool, const ServerConfig& server,
                           std::chrono::sys_seconds now) {
  return {
      {{std::string(pool), server.name, OverrideKind::member}, Override{AddOrder{server}, now}}};
}

OverrideEdits edits_to_remove(std::string_view pool, const ServerConfig& server,
                              std::chrono::sys_seconds now) {
  const std::string in_pool(pool);
  OverrideEdit member{{in_pool, server.name, OverrideKind::member}, std::nullopt};
  if (server.source != ServerSource::admin) {
    member.now = Override{RemoveOrder{}, now};
    return {std::move(member)};
  }
  return {std::move(member),
          {{in_pool, server.name, OverrideKind::state}, std::nullopt},
          {{in_pool, server.name, OverrideKind::weight}, std::nullopt}};
}

OverrideEdits edits_to_restore(std::string_view pool, std::string_view server) {
  return {{{std::string(pool), std::string(server), OverrideKind::member}, std::nullopt}};
}

std::vector<OverrideRow> list_overrides(const OverrideSet& in_force, const OverrideSet& saved,
                                        const std::function<bool(const OverrideKey&)>& is_idle) {
  std::set<OverrideKey> keys;
  for (const OverrideSet* set : {&in_force, &saved}) {
    for (const auto& [key, unused] : *set)
      keys.insert(key);
  }
  std::vector<OverrideRow> rows;
  for (const OverrideKey& key : keys) {
    const auto now = in_force.find(key);
    const auto then = saved.find(key);
    const Override& shown = now != in_force.end() ? now->second : then->second;
    OverrideRow row{key.pool,
                    key.server,
                    describe(shown.order),
                    base::utc_text(shown.since),
                    "not saved",
                    now != in_force.end() && is_idle(key)};
    if (now == in_force.end()) {
      row.saved = "taken back";
    } else if (then != saved.end()) {
      row.saved = now->second.order == then->second.order
                      ? "saved"
                      : "saved otherwise: " + describe(then->second.order);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace ravelin::gateway
