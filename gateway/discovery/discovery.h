// Discovery: the sources of every pool with `discover`, and what each of them knows. Who asks for
// the servers of a pool is told when they have become others. The control thread.
//
//   auto next = discovery.prepare(config.pools);   // sources that stay, and new ones beside them
//   …build a generation from next->found(pool)…
//   discovery.adopt(std::move(*next));             // or drop it: nothing has changed
#pragma once

#include "base/result.h"
#include "gateway/discovery/file_source.h"
#include "gateway/discovery/membership.h"
#include "gateway/discovery/running_source.h"
#include "gateway/tls/path_watch.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::gateway {

class Discovery {
 public:
  using Changed = std::function<void(const std::string& pool)>;
  using Found = std::function<void(const std::vector<ServerConfig>&)>;
  // Begins to find servers for a pool with `discover.dns`; never calls `found` before it returns.
  using DnsFactory = std::function<std::unique_ptr<RunningSource>(const PoolConfig&, Found found)>;

  // `changed`: found servers of this pool are others; called in tick() or by a source. `dns`: empty
  // where this program cannot.
  Discovery(Changed changed, DnsFactory dns);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  ~Discovery() = default;

  struct Asking;
  struct Sources;

  class Next {
   public:
    [[nodiscard]] FoundServers found(const std::string& pool) const;

   private:
    friend class Discovery;
    std::map<std::string, std::shared_ptr<Sources>> sources_;  // by pool
  };

  // A source that reads or asks the same is kept with what it knows, also where its servers are to
  // be others (a port, a weight); a new one of a file reads it at once. Error (unavailable): a pool
  // wants `discover.dns`, and there is no DnsFactory.
  base::Result<Next> prepare(const std::vector<PoolConfig>& pools, base::MonoTime now);
  void adopt(Next next);

  // What is in use now.
  [[nodiscard]] FoundServers found(const std::string& pool) const { return current_.found(pool); }

  // Each source of the pool, in a line for people.
  struct SourceLine {
    ServerSource source = ServerSource::config;
    std::string text;
  };

  [[nodiscard]] std::vector<SourceLine> describe(const std::string& pool, base::WallTime now) const;

  // Looks at the files; to be called a few times a second.
  void tick(base::MonoTime now);

 private:
  base::Result<std::shared_ptr<Sources>> make(const PoolConfig& pool, base::MonoTime now);
  void take(const std::string& pool, const std::weak_ptr<Sources>& sources,
            const std::vector<ServerConfig>& servers);
  void watch_files();

  Changed changed_;
  DnsFactory dns_;
  Next current_;
  PathWatch paths_{PathWatch::Writes::all};
  std::vector<std::pair<std::string, std::shared_ptr<Sources>>> files_;  // by the watch's index
};

}  // namespace ravelin::gateway
