// The part of Gateway that makes generations which differ in the servers of pools alone.
#include "base/io/log.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

constexpr base::Duration kGather = 200ms;  // between two such generations

}  // namespace

void Gateway::members_changed(const std::string& pool) {
  if (shutting_down_) return;
  stale_pools_.insert(pool);
  const base::MonoTime now = base::mono_now();
  if (now >= renewed_at_ + kGather) return renew_pools();
  renew_alarm_.set(renewed_at_ + kGather);
}

void Gateway::renew_pools() {
  renew_alarm_.stop();
  if (stale_pools_.empty() || shutting_down_) return;
  renewed_at_ = base::mono_now();
  const std::set<std::string> names = std::exchange(stale_pools_, {});
  auto renewed = renew_snapshot(names, generation_parts([this](const PoolConfig& pool) {
                                  PoolConfig config = pool;
                                  config.servers = members_.members_of(pool).servers;
                                  return config;
                                }));
  if (!renewed) {
    base::log_error("discovery", "the servers of pools stay as they were",
                    {{"error", base::to_string(renewed.error())}});
    return;
  }
  if (renewed->snapshot != nullptr) adopt(*renewed);
}

// Nothing but the servers of some pools is another: workers keep their listeners, TLS sides and
// connections.
void Gateway::adopt(const RenewedSnapshot& renewed) {
  const std::shared_ptr<const Snapshot> before = snapshot_;
  patch_contexts(*renewed.snapshot);
  snapshot_ = renewed.snapshot;
  for (const std::size_t i : renewed.pools) {
    for (const auto& server : before->pools[i].pool->servers())
      servers_.erase(server->identity());
    for (const auto& server : snapshot_->pools[i].pool->servers())
      servers_.emplace(server->identity(), server);
    apply_settings(snapshot_->pools[i]);
  }
  health_->use(snapshot_->pools);
  for (const auto& worker : workers_)
    worker->apply({.snapshot = snapshot_, .tls = {}, .moved = {}});
  upstream_certificates_.use_servers(*snapshot_, base::mono_now());
  members_.in_use(*before, *snapshot_, renewed.pools, renewed.findings);
}

// Pools that stay were built before these contexts came.
void Gateway::patch_contexts(Snapshot& snapshot) {
  if (newer_contexts_.empty()) return;
  for (PoolRuntime& pool : snapshot.pools) {
    for (std::size_t i = 0; i < pool.tls.size(); ++i) {
      const auto newer = newer_contexts_.find(pool.pool->servers()[i].get());
      if (newer != newer_contexts_.end()) pool.tls[i] = newer->second;
    }
  }
  newer_contexts_.clear();
}

}  // namespace ravelin::gateway
