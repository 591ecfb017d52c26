#include "gateway/runtime/pool_members.h"

#include "base/io/log.h"
#include "gateway/config/check_files.h"

#include <algorithm>
#include <unordered_map>

namespace ravelin::gateway {
namespace {

std::string sources_text(const MemberChange& change) {
  std::vector<std::string_view> words;
  for (const ServerSource source : change.sources)
    words.push_back(to_string(source));
  return fmt::format("{}", fmt::join(words, ", "));
}

// Of pools that are in both, what servers came and went.
void log_members(const Snapshot& before, const Snapshot& now) {
  std::unordered_map<std::string_view, const Pool*> known;
  for (const PoolRuntime& pool : before.pools)
    known.emplace(pool.pool->config().name, pool.pool.get());
  for (const PoolRuntime& pool : now.pools) {
    const PoolConfig& config = pool.pool->config();
    const auto was = known.find(config.name);
    if (was == known.end() || was->second == pool.pool.get()) continue;
    const MemberChange change = change_between(was->second->config().servers, config.servers);
    if (change.is_empty()) continue;
    base::log_info("discovery", "the servers of a pool have changed",
                   {{"pool", config.name},
                    {"added", names_text(change.added)},
                    {"removed", names_text(change.removed)},
                    {"source", sources_text(change)},
                    {"servers", config.servers.size()},
                    {"generation", now.generation}});
  }
}

}  // namespace

void PoolMembers::open_overrides(const Config& config) {
  file_ = OverridesFile(config.admin.overrides, key_file_rules(config).owners);
  const auto saved = file_.read();
  if (!saved) {
    base::log_error("orders",
                    "the saved orders are not used; nothing is saved until the file is mended or "
                    "removed",
                    {{"file", config.admin.overrides}, {"reason", base::to_string(saved.error())}});
    return;
  }
  orders_ = *saved;
  if (orders_.empty()) return;
  base::log_info("orders", "saved orders are in force",
                 {{"file", config.admin.overrides}, {"orders", orders_.size()}});
}

PoolConfig PoolMembers::with_members(const PoolConfig& pool, const Discovery::Next& next) const {
  PoolConfig config = pool;
  config.servers =
      gateway::members_of(pool, next.found(pool.name), member_orders(orders_, pool.name)).servers;
  return config;
}

Membership PoolMembers::members_of(const PoolConfig& pool) const {
  return members_of(pool, orders_);
}

Membership PoolMembers::members_of(const PoolConfig& pool, const OverrideSet& orders) const {
  return gateway::members_of(pool, discovery_.found(pool.name), member_orders(orders, pool.name));
}

void PoolMembers::in_use(const Snapshot* before, const Snapshot& snapshot,
                         const FindingsByPool& left_out) {
  if (before != nullptr) log_members(*before, snapshot);
  std::erase_if(said_, [&snapshot](const auto& entry) {
    return std::ranges::none_of(snapshot.config->pools, [&entry](const PoolConfig& pool) {
      return pool.name == entry.first;
    });
  });
  for (std::size_t i = 0; i < snapshot.pools.size(); ++i)
    look_at(snapshot, i, left_out);
  look_for_idle(snapshot, nullptr);
}

void PoolMembers::in_use(const Snapshot& before, const Snapshot& snapshot,
                         const std::vector<std::size_t>& pools, const FindingsByPool& left_out) {
  log_members(before, snapshot);
  std::set<std::string> names;
  for (const std::size_t pool : pools) {
    names.insert(snapshot.config->pools[pool].name);
    look_at(snapshot, pool, left_out);
  }
  look_for_idle(snapshot, &names);
}

void PoolMembers::look_at(const Snapshot& snapshot, std::size_t pool,
                          const FindingsByPool& left_out) {
  const PoolConfig& config = snapshot.config->pools[pool];
  const bool is_plain = !config.discover && orders_.empty();
  if (is_plain && !said_.contains(config.name)) return;
  std::vector<std::string> findings = members_of(config).findings;
  const auto more = left_out.find(config.name);
  if (more != left_out.end())
    findings.insert(findings.end(), more->second.begin(), more->second.end());
  say_once(config.name, findings);
  for (const ServerConfig& server : snapshot.pools[pool].pool->config().servers) {
    const Override* order = find_order(orders_, config.name, server.name, OverrideKind::weight);
    if (order == nullptr) continue;
    const auto configured = static_cast<std::uint32_t>(server.weight);
    if (std::get<WeightOrder>(order->order).configured == configured) continue;
    orders_.erase({config.name, server.name, OverrideKind::weight});
  }
}

void PoolMembers::say_once(const std::string& pool, const std::vector<std::string>& findings) {
  std::set<std::string>& said = said_[pool];
  for (const std::string& finding : findings) {
    if (!said.contains(finding)) base::log_warn("discovery", finding, {{"pool", pool}});
  }
  said = {findings.begin(), findings.end()};
  if (said.empty()) said_.erase(pool);
}

bool PoolMembers::has_effect(const OverrideKey& key, const Override& order, const PoolRuntime& pool,
                             const Membership& members) const {
  if (std::holds_alternative<AddOrder>(order.order))
    return !members.idle_added.contains(key.server);
  if (std::holds_alternative<RemoveOrder>(order.order))
    return !members.idle_removed.contains(key.server);
  return std::ranges::any_of(pool.pool->servers(), [&key](const std::shared_ptr<Server>& server) {
    return server->name() == key.server;
  });
}

// `pools`: which to look at; null = all.
void PoolMembers::look_for_idle(const Snapshot& snapshot, const std::set<std::string>* pools) {
  if (orders_.empty() && idle_.empty()) return;
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < snapshot.config->pools.size(); ++i)
    by_name.emplace(snapshot.config->pools[i].name, i);
  std::map<std::string_view, Membership> members;
  std::erase_if(idle_, [this](const OverrideKey& key) { return !orders_.contains(key); });
  for (const auto& [key, order] : orders_) {
    if (pools != nullptr && !pools->contains(key.pool)) continue;
    const auto pool = by_name.find(key.pool);
    bool is_effective = pool != by_name.end();
    if (is_effective) {
      auto known = members.find(key.pool);
      if (known == members.end())
        known = members.emplace(key.pool, members_of(snapshot.config->pools[pool->second])).first;
      is_effective = has_effect(key, order, snapshot.pools[pool->second], known->second);
    }
    if (is_effective) {
      idle_.erase(key);
      continue;
    }
    if (!idle_.insert(key).second) continue;
    base::log_warn("orders", "an order of the operator is without effect; it is kept",
                   {{"pool", key.pool},
                    {"server", key.server},
                    {"order", describe(order.order)},
                    {"reason", pool == by_name.end() ? "there is no such pool"
                                                     : "there is no such server, or it is there "
                                                       "without the order"}});
  }
}

}  // namespace ravelin::gateway
