// Which servers a pool has: those its configuration lists, those its sources have found, those the
// operator added, without those the operator removed. Pure; any thread.
#pragma once

#include "gateway/config/pool_config.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kMembersMax = 4096;  // of one pool, whoever brings them

// What is known of one pool besides its configuration.
struct FoundServers {
  std::vector<ServerConfig> file;
  std::vector<ServerConfig> dns;
};

struct MemberOrders {
  std::vector<ServerConfig> added;             // by the operator; the older ones first
  std::set<std::string, std::less<>> removed;  // by name
};

struct Membership {
  std::vector<ServerConfig> servers;  // `source` says who brought each
  // What was left out and why, or done against an order; for the log, once each.
  std::vector<std::string> findings;
  // Names of orders that changed nothing: added servers that are there without it, removed ones
  // that nobody brings.
  std::set<std::string, std::less<>> idle_added;
  std::set<std::string, std::less<>> idle_removed;
};

// The rules:
// - The order is configuration, file, DNS, operator. A name that is there already is left out, and
//   so is a found or added server with an address that is there already: it would count twice.
// - Of each source the first `servers_max` count, of all of them together kMembersMax.
// - Removing is by name and comes last, so that the address of a removed server does not come in
//   again under another name.
// - A pool without `discover` is never empty: where removing would leave none, those of the
//   configuration stay.
// - Added servers get the pool's `proxy_protocol`.
// O(servers log servers).
Membership members_of(const PoolConfig& pool, const FoundServers& found,
                      const MemberOrders& orders);

// What changed from one list of servers to another, by name; a server whose address or speech is
// another is both.
struct MemberChange {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::set<ServerSource> sources;  // of both

  [[nodiscard]] bool is_empty() const { return added.empty() && removed.empty(); }
};

MemberChange change_between(const std::vector<ServerConfig>& before,
                            const std::vector<ServerConfig>& now);

// "a, b, c", cut after a few: "a, b, ... (12 in all)".
std::string names_text(const std::vector<std::string>& names);

std::string_view to_string(ServerSource source);  // "config", "file", "dns", "operator"

}  // namespace ravelin::gateway
