#include "gateway/runtime/server_orders.h"

#include "base/io/log.h"
#include "gateway/config/check_files.h"
#include "gateway/upstream/known_names.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Errc;
using base::fail;
using base::Result;

namespace {

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(base::wall_now());
}

const ServerConfig* find_server(const std::vector<ServerConfig>& servers, std::string_view name) {
  const auto found = std::ranges::find(servers, name, &ServerConfig::name);
  return found == servers.end() ? nullptr : &*found;
}

base::Error unknown_server(const std::vector<ServerConfig>& servers, std::string_view pool,
                           std::string_view server) {
  std::vector<std::string_view> names;
  names.reserve(servers.size());
  for (const ServerConfig& one : servers)
    names.push_back(one.name);
  return fail(Errc::not_found, "server \"{}\" is not in pool \"{}\" (it has: {})", server, pool,
              names.empty() ? "none" : known_names(names));
}

// Whether all servers of the pool, and those it will find, are spoken to with TLS.
bool speaks_tls(const PoolConfig& pool, const std::vector<ServerConfig>& members) {
  const bool finds_tls =
      pool.discover && pool.discover->dns && pool.discover->server.tls.has_value();
  if (members.empty()) return finds_tls;
  return std::ranges::all_of(members, [](const ServerConfig& one) { return one.tls.has_value(); });
}

}  // namespace

Result<const PoolConfig*> ServerOrders::find_pool(const Snapshot& snapshot,
                                                  std::string_view name) const {
  std::vector<std::string_view> names;
  for (const PoolConfig& pool : snapshot.config->pools) {
    if (pool.name == name) return &pool;
    names.push_back(pool.name);
  }
  return fail(Errc::not_found, "pool \"{}\" is not defined (defined: {})", name,
              known_names(names));
}

// Saved first: what could not be saved has not been done.
Result<void> ServerOrders::carry_out(const OverrideEdits& edits, Saving saving) {
  OverrideSet next = parts_.members.orders();
  apply_edits(edits, next);
  if (next.size() > kOverridesMax && next.size() > parts_.members.orders().size())
    return fail(Errc::conflict, "{} orders are in force already; take some back first",
                kOverridesMax);
  if (saving == Saving::yes) {
    if (auto saved = parts_.members.file().save(edits); !saved) return saved;
  }
  parts_.members.apply_orders(edits);
  return {};
}

Result<void> ServerOrders::set_state(std::string_view pool, std::string_view server,
                                     AdminState state, Saving saving) {
  const auto snapshot = parts_.snapshot();
  const auto config = find_pool(*snapshot, pool);
  if (!config) return config.error();
  const OverrideKey key{std::string(pool), std::string(server), OverrideKind::state};
  const Membership members = parts_.members.members_of(**config);
  const bool takes_back =
      state == AdminState::ready &&
      (parts_.members.orders().contains(key) || parts_.members.file().saved().contains(key));
  if (find_server(members.servers, server) == nullptr && !takes_back)
    return unknown_server(members.servers, pool, server);
  if (auto done = carry_out(edits_to_set_state(key, state, now()), saving); !done) return done;
  // A server that is just coming in begins with the order.
  auto done = parts_.health.set_admin_state(pool, server, state);
  if (!done && done.error().code != Errc::not_found) return done;
  return {};
}

Result<void> ServerOrders::set_weight(std::string_view pool, std::string_view server,
                                      std::optional<std::uint32_t> weight, Saving saving) {
  if (weight && *weight > kServerWeightMax)
    return fail(Errc::invalid, "weight {} is out of range (0 to {})", *weight, kServerWeightMax);
  const auto snapshot = parts_.snapshot();
  const auto config = find_pool(*snapshot, pool);
  if (!config) return config.error();
  const OverrideKey key{std::string(pool), std::string(server), OverrideKind::weight};
  const Membership members = parts_.members.members_of(**config);
  const ServerConfig* found = find_server(members.servers, server);
  const bool takes_back = !weight && (parts_.members.orders().contains(key) ||
                                      parts_.members.file().saved().contains(key));
  if (found == nullptr && !takes_back) return unknown_server(members.servers, pool, server);
  const auto configured = found == nullptr ? 0U : static_cast<std::uint32_t>(found->weight);
  const OverrideEdits edits = edits_to_set_weight(key, weight, configured, now());
  if (auto done = carry_out(edits, saving); !done) return done;
  auto done = parts_.health.set_weight(pool, server, weight);
  if (!done && done.error().code != Errc::not_found) return done;
  return {};
}

Result<void> ServerOrders::check_new(const Snapshot& snapshot, const PoolConfig& pool,
                                     const NewServer& added) const {
  const ServerConfig& server = added.server;
  if (const auto fault = fault_of(server, pool.agent)) return fail(Errc::invalid, "{}", *fault);
  const Override* order =
      find_order(parts_.members.orders(), pool.name, server.name, OverrideKind::member);
  if (order != nullptr && std::holds_alternative<RemoveOrder>(order->order))
    return fail(Errc::conflict,
                "server \"{0}/{1}\" was removed by an order; bring it back with \"server restore "
                "{0}/{1}\"",
                pool.name, server.name);
  const Membership members = parts_.members.members_of(pool);
  if (const ServerConfig* known = find_server(members.servers, server.name))
    return fail(Errc::conflict, "server \"{}\" is already in pool \"{}\" (at {}, by {})",
                server.name, pool.name, base::to_string(known->address), to_string(known->source));
  for (const ServerConfig& known : members.servers) {
    if (known.address == server.address)
      return fail(Errc::conflict, "server \"{}\" of pool \"{}\" has the address {} already",
                  known.name, pool.name, base::to_string(server.address));
  }
  if (!server.tls && !added.says_plaintext && speaks_tls(pool, members.servers))
    return fail(Errc::invalid,
                "the servers of pool \"{}\" are spoken to with TLS: say \"tls\" too, or that "
                "plaintext is meant (\"tls\": false)",
                pool.name);
  OverrideSet orders = parts_.members.orders();
  apply_edits(edits_to_add(pool.name, server, now()), orders);
  const Membership with = parts_.members.members_of(pool, orders);
  if (with.idle_added.contains(server.name))
    return fail(Errc::conflict, "server \"{}\" would not be used: {}", server.name,
                with.findings.empty() ? "the pool is full" : with.findings.back());
  UpstreamContexts contexts(key_file_rules(*snapshot.config), PoolFiles::reread, parts_.keys);
  const auto context = contexts.get(pool.name, server, nullptr);
  if (!context) return fail(Errc::invalid, "{}", base::to_string(context.error()));
  return {};
}

Result<void> ServerOrders::add(std::string_view pool, const NewServer& server, Saving saving) {
  const auto snapshot = parts_.snapshot();
  const auto config = find_pool(*snapshot, pool);
  if (!config) return config.error();
  if (auto good = check_new(*snapshot, **config, server); !good) return good;
  if (auto done = carry_out(edits_to_add(pool, server.server, now()), saving); !done) return done;
  if (const auto& firewall = snapshot->config->firewall; firewall && firewall->manages)
    base::log_warn("firewall",
                   "lets the gateway reach the servers of its configuration alone: allow the one "
                   "that was added in the policy, or configure it and reload",
                   {{"pool", pool}, {"server", base::to_string(server.server.address)}});
  parts_.members_changed(std::string(pool));
  return {};
}

Result<void> ServerOrders::remove(std::string_view pool, std::string_view server, Saving saving) {
  const auto snapshot = parts_.snapshot();
  const auto config = find_pool(*snapshot, pool);
  if (!config) return config.error();
  const Membership members = parts_.members.members_of(**config);
  const ServerConfig* found = find_server(members.servers, server);
  const Override* order = find_order(parts_.members.orders(), pool, server, OverrideKind::member);
  if (found == nullptr && order != nullptr)
    return fail(Errc::conflict, "server \"{}/{}\" is removed already", pool, server);
  if (found == nullptr) return unknown_server(members.servers, pool, server);
  if (members.servers.size() == 1 && !(*config)->discover)
    return fail(Errc::conflict,
                "server \"{0}/{1}\" is the last one of its pool, every request would be answered "
                "503; add another first, or take it out of service with \"server maint {0}/{1}\"",
                pool, server);
  if (auto done = carry_out(edits_to_remove(pool, *found, now()), saving); !done) return done;
  parts_.members_changed(std::string(pool));
  return {};
}

Result<void> ServerOrders::restore(std::string_view pool, std::string_view server, Saving saving) {
  const Override* order = find_order(parts_.members.orders(), pool, server, OverrideKind::member);
  const Override* saved =
      find_order(parts_.members.file().saved(), pool, server, OverrideKind::member);
  const auto removes = [](const Override* one) {
    return one != nullptr && std::holds_alternative<RemoveOrder>(one->order);
  };
  const bool takes_back = saving == Saving::yes && order == nullptr && removes(saved);
  if (!removes(order) && !takes_back)
    return fail(Errc::conflict, "server \"{}/{}\" is not removed by an order", pool, server);
  if (auto done = carry_out(edits_to_restore(pool, server), saving); !done) return done;
  parts_.members_changed(std::string(pool));
  return {};
}

std::vector<OverrideRow> ServerOrders::list() const {
  return list_overrides(parts_.members.orders(), parts_.members.file().saved(),
                        [this](const OverrideKey& key) { return parts_.members.is_idle(key); });
}

}  // namespace ravelin::gateway
