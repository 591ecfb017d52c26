#include "gateway/discovery/discovery.h"

#include "base/io/log.h"
#include "gateway/config/parse_server.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {

using base::Result;

// A name that is asked for. After a reload that asks the same it tells the sources of then.
struct Discovery::Asking {
  std::weak_ptr<Sources> tells;
  std::unique_ptr<RunningSource> source;
};

struct Discovery::Sources {
  std::shared_ptr<FileSource> file;  // null: none
  DiscoverConfig discover;
  std::vector<ServerConfig> dns_servers;
  std::shared_ptr<Asking> dns;  // null: none

  [[nodiscard]] bool is_for(const PoolConfig& pool) const {
    const DiscoverConfig& wanted = *pool.discover;
    const bool same_file = wanted.file ? file != nullptr && file->serves(pool) : file == nullptr;
    return same_file && wanted.dns == discover.dns && wanted.servers_max == discover.servers_max &&
           (!wanted.dns || is_same_server(wanted.server, discover.server));
  }
};

Discovery::Discovery(Changed changed, DnsFactory dns)
    : changed_(std::move(changed)), dns_(std::move(dns)) {}

FoundServers Discovery::Next::found(const std::string& pool) const {
  const auto known = sources_.find(pool);
  if (known == sources_.end()) return {};
  const Sources& sources = *known->second;
  FoundServers found;
  if (sources.file != nullptr) found.file = sources.file->servers();
  found.dns = sources.dns_servers;
  return found;
}

std::vector<Discovery::SourceLine> Discovery::describe(const std::string& pool,
                                                       base::WallTime now) const {
  const auto known = current_.sources_.find(pool);
  if (known == current_.sources_.end()) return {};
  const Sources& sources = *known->second;
  std::vector<SourceLine> lines;
  if (sources.dns != nullptr)
    lines.push_back({ServerSource::dns, sources.dns->source->describe(now)});
  if (sources.file == nullptr) return lines;
  const std::size_t count = sources.file->servers().size();
  std::string text =
      fmt::format("{}: {} server{}", sources.file->path(), count, count == 1 ? "" : "s");
  if (!sources.file->broken_because().empty())
    text += "; not used as it is now: " + sources.file->broken_because();
  lines.push_back({ServerSource::file, std::move(text)});
  return lines;
}

Result<std::shared_ptr<Discovery::Sources>> Discovery::make(const PoolConfig& pool,
                                                            base::MonoTime now) {
  const DiscoverConfig& discover = *pool.discover;
  const auto known = current_.sources_.find(pool.name);
  const std::shared_ptr<Sources> before =
      known == current_.sources_.end() ? nullptr : known->second;
  if (before != nullptr && before->is_for(pool)) return before;
  auto sources = std::make_shared<Sources>();
  sources->discover = discover;
  if (discover.file) {
    const std::shared_ptr<FileSource> old = before != nullptr ? before->file : nullptr;
    const bool stays = old != nullptr && old->serves(pool);
    sources->file = stays ? old : std::make_shared<FileSource>(pool, now, old.get());
  }
  if (!discover.dns) return sources;
  if (!dns_) {
    return base::Error{
        base::Errc::unavailable,
        fmt::format("pool \"{}\": discover.dns is not built into this program", pool.name),
        discover.dns->pos};
  }
  if (before != nullptr && before->dns != nullptr && before->dns->source->asks_for(discover)) {
    // Until adopt() it tells those of before.
    sources->dns = before->dns;
    sources->dns_servers = before->dns->source->servers_for(discover);
    return sources;
  }
  sources->dns = std::make_shared<Asking>();
  sources->dns->tells = sources;
  sources->dns->source =
      dns_(pool, [this, name = pool.name, asking = std::weak_ptr<Asking>(sources->dns)](
                     const std::vector<ServerConfig>& servers) {
        if (const auto alive = asking.lock()) take(name, alive->tells, servers);
      });
  return sources;
}

Result<Discovery::Next> Discovery::prepare(const std::vector<PoolConfig>& pools,
                                           base::MonoTime now) {
  Next next;
  for (const PoolConfig& pool : pools) {
    if (!pool.discover) continue;
    auto sources = make(pool, now);
    if (!sources) return sources.error();
    next.sources_.emplace(pool.name, std::move(*sources));
  }
  return next;
}

void Discovery::adopt(Next next) {
  // What nobody uses any more goes at the end, after what it may still be told.
  const Next before = std::exchange(current_, std::move(next));
  for (const auto& [pool, sources] : current_.sources_) {
    if (sources->dns == nullptr || sources->dns->tells.lock() == sources) continue;
    sources->dns->tells = sources;
    sources->dns->source->use(sources->discover);
  }
  files_.clear();
  for (const auto& [pool, sources] : current_.sources_) {
    if (sources->file != nullptr) files_.emplace_back(pool, sources);
  }
  watch_files();
  // Between their reading and the watch they may have changed.
  const base::MonoTime now = base::mono_now();
  for (const auto& [pool, sources] : files_)
    sources->file->on_event(now);
}

void Discovery::watch_files() {
  std::vector<PathWatch::Entry> entries;
  for (std::size_t i = 0; i < files_.size(); ++i)
    entries.push_back({files_[i].second->file->path(), i});
  paths_.watch(entries);
}

void Discovery::take(const std::string& pool, const std::weak_ptr<Sources>& sources,
                     const std::vector<ServerConfig>& servers) {
  const std::shared_ptr<Sources> alive = sources.lock();
  if (alive == nullptr) return;
  if (std::ranges::equal(servers, alive->dns_servers, is_same_server)) return;
  alive->dns_servers = servers;
  const auto current = current_.sources_.find(pool);
  if (current != current_.sources_.end() && current->second == alive) changed_(pool);
}

void Discovery::tick(base::MonoTime now) {
  if (files_.empty()) return;
  paths_.take_events([this, now](std::size_t index) {
    if (index != PathWatch::kAll) return files_[index].second->file->on_event(now);
    for (const auto& [pool, sources] : files_)
      sources->file->on_event(now);
  });
  // First the watches, then the files: a change in between is an event.
  const bool is_any_due = std::ranges::any_of(
      files_, [now](const auto& entry) { return entry.second->file->is_due(now); });
  if (is_any_due) watch_files();
  std::vector<std::string> changed;
  for (const auto& [pool, sources] : files_) {
    if (sources->file->tick(now)) changed.push_back(pool);
  }
  for (const std::string& pool : changed)
    changed_(pool);
}

}  // namespace ravelin::gateway
