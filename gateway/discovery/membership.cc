#include "gateway/discovery/membership.h"

#include "gateway/config/words.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kNamesShown = 10;

class Gathering {
 public:
  explicit Gathering(const PoolConfig& pool) : pool_(pool) {}

  void add_configured() {
    for (const ServerConfig& server : pool_.servers)
      take(server, ServerSource::config);
  }

  void add_found(const std::vector<ServerConfig>& servers, ServerSource source) {
    const std::size_t limit = pool_.discover ? pool_.discover->servers_max : servers.size();
    const std::size_t count = std::min(servers.size(), limit);
    for (std::size_t i = 0; i < count; ++i) {
      if (!left_out(servers[i], source)) take(servers[i], source);
    }
    if (count == servers.size()) return;
    result_.findings.push_back(
        fmt::format("{} has {} servers; those after the first {} (\"servers_max\") are not used",
                    to_string(source), servers.size(), count));
  }

  void add_ordered(const std::vector<ServerConfig>& servers) {
    for (const ServerConfig& server : servers) {
      if (left_out(server, ServerSource::admin)) {
        result_.idle_added.insert(server.name);
        continue;
      }
      take(server, ServerSource::admin);
      result_.servers.back().proxy_protocol = pool_.proxy_protocol;
    }
  }

  void remove(const std::set<std::string, std::less<>>& removed) {
    for (const std::string& name : removed) {
      if (!names_.contains(name)) result_.idle_removed.insert(name);
    }
    const auto is_removed = [&](const ServerConfig& server) {
      return removed.contains(server.name);
    };
    const bool may_be_empty = pool_.discover.has_value();
    if (!may_be_empty && std::ranges::all_of(result_.servers, is_removed)) {
      for (const std::string& name : removed)
        result_.idle_removed.insert(name);
      result_.findings.emplace_back(
          "every server is removed; those of the configuration stay, since the pool would be "
          "empty");
      std::erase_if(result_.servers, [&](const ServerConfig& server) {
        return server.source != ServerSource::config && is_removed(server);
      });
      return;
    }
    std::erase_if(result_.servers, is_removed);
  }

  Membership result() && { return std::move(result_); }

 private:
  bool left_out(const ServerConfig& server, ServerSource source) {
    if (result_.servers.size() >= kMembersMax) {
      if (!is_full_)
        result_.findings.push_back(
            fmt::format("more than {} servers; \"{}\" and those after it are not used", kMembersMax,
                        server.name));
      is_full_ = true;
      return true;
    }
    const auto named = names_.find(server.name);
    const auto placed = addresses_.find(base::to_string(server.address));
    if (named == names_.end() && placed == addresses_.end()) return false;
    const ServerConfig& first =
        result_.servers[named != names_.end() ? named->second : placed->second];
    // The same server brought by two is what one wants while it moves from one to the other.
    if (named != names_.end() && first.address == server.address) return true;
    result_.findings.push_back(
        named != names_.end()
            ? fmt::format("server \"{}\" of {} is not used: {} has one of this name at {}",
                          server.name, to_string(source), to_string(first.source),
                          base::to_string(first.address))
            : fmt::format("server \"{}\" of {} is not used: \"{}\" of {} has its address",
                          server.name, to_string(source), first.name, to_string(first.source)));
    return true;
  }

  void take(const ServerConfig& server, ServerSource source) {
    names_.emplace(server.name, result_.servers.size());
    addresses_.emplace(base::to_string(server.address), result_.servers.size());
    result_.servers.push_back(server);
    result_.servers.back().source = source;
  }

  const PoolConfig& pool_;
  Membership result_;
  std::unordered_map<std::string, std::size_t> names_;
  std::unordered_map<std::string, std::size_t> addresses_;
  bool is_full_ = false;
};

}  // namespace

Membership members_of(const PoolConfig& pool, const FoundServers& found,
                      const MemberOrders& orders) {
  Gathering gathering(pool);
  gathering.add_configured();
  gathering.add_found(found.file, ServerSource::file);
  gathering.add_found(found.dns, ServerSource::dns);
  gathering.add_ordered(orders.added);
  if (!orders.removed.empty()) gathering.remove(orders.removed);
  return std::move(gathering).result();
}

MemberChange change_between(const std::vector<ServerConfig>& before,
                            const std::vector<ServerConfig>& now) {
  const auto is_kept = [](const ServerConfig& a, const ServerConfig& b) {
    return a.address == b.address && a.tls.has_value() == b.tls.has_value() &&
           a.proxy_protocol == b.proxy_protocol;
  };
  MemberChange change;
  std::map<std::string_view, const ServerConfig*> known;
  for (const ServerConfig& server : before)
    known.emplace(server.name, &server);
  for (const ServerConfig& server : now) {
    const auto found = known.find(server.name);
    const bool stays = found != known.end() && is_kept(*found->second, server);
    if (stays) known.erase(found);
    if (stays) continue;
    change.added.push_back(server.name);
    change.sources.insert(server.source);
  }
  for (const ServerConfig& server : before) {
    if (!known.contains(server.name)) continue;
    change.removed.push_back(server.name);
    change.sources.insert(server.source);
  }
  return change;
}

std::string names_text(const std::vector<std::string>& names) {
  if (names.size() <= kNamesShown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{}, ... ({} in all)",
                     fmt::join(names.begin(), names.begin() + kNamesShown, ", "), names.size());
}

std::string_view to_string(ServerSource source) {
  return word_of(kServerSources, source);
}

}  // namespace ravelin::gateway
