#include "gateway/upstream/pool.h"

#include "base/io/log.h"

namespace ravelin::gateway {
namespace {

std::shared_ptr<const HashRing> ring_of(const PoolConfig& config) {
  if (config.balance != Balance::hash) return nullptr;
  std::vector<std::string_view> names;
  for (const ServerConfig& server : config.servers)
    names.push_back(server.name);
  return std::make_shared<const HashRing>(names);
}

}  // namespace

Pool::Pool(PoolConfig config, std::vector<std::shared_ptr<Server>> servers, std::string_view zone,
           std::unique_ptr<const StickyCookies> sticky)
    : config_(std::move(config)),
      servers_(std::move(servers)),
      ring_(ring_of(config_)),
      sticky_(std::move(sticky)) {
  for (const ServerConfig& server : config_.servers) {
    const auto priority = static_cast<std::uint8_t>(server.priority);
    places_.push_back({.group = server.backup ? kBackupGroup : priority,
                       .is_local = zone.empty() || server.zone == zone});
  }
}

void Pool::read_states(std::vector<ServerState>& states) const {
  states = places_;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Server& server = *servers_[i];
    states[i].weight = server.weight();
    states[i].usable = server.is_usable();
    states[i].usable_in_panic = server.is_usable_in_panic();
  }
}

const TurnPlan& Pool::current_plan() {
  const std::uint64_t now = version();
  if (planned_version_ != now) {
    read_states(states_);
    plan_turn(states_, rules(), plan_);
    planned_version_ = now;
  }
  return plan_;
}

void Pool::servers_changed() {
  version_.fetch_add(1, std::memory_order_release);
  if (config_.panic_percent != 0) note_panic();
  if (queued() != 0) offer_places();
}

void Pool::note_panic() {
  bool panics = false;
  {
    const std::lock_guard lock(mutex_);
    panics = current_plan().panics;
  }
  if (panics_.exchange(panics, std::memory_order_relaxed) == panics) return;
  const std::string_view what = panics ? "panic: too few servers are healthy, all are used"
                                       : "panic is over: only healthy servers are used";
  base::log_warn("health", what,
                 {{"pool", config_.name},
                  {"reason", fmt::format("panic_percent is {}", config_.panic_percent)}});
}

bool Pool::enqueue(QueuedRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= config_.queue.max) return false;
    request.given_ = kNone;
    request.is_queued_ = true;
    request.place_ = queue_.insert(queue_.end(), &request);
    set_queued();
  }
  // A place given back between the caller's last try and the line above would be missed: look once
  // more.
  offer_places();
  return true;
}

std::size_t Pool::dequeue(QueuedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.is_queued_) {
    queue_.erase(request.place_);
    request.is_queued_ = false;
    set_queued();
  }
  return request.given_;
}

void Pool::leave(std::size_t server) {
  servers_[server]->leave();
  if (generations_->queued.load(std::memory_order_seq_cst) != 0) offer_generations();
}

void Pool::succeed(const std::shared_ptr<Pool>& now, const std::shared_ptr<Pool>& before) {
  now->generations_ = before->generations_;
  Generations& generations = *now->generations_;
  const std::lock_guard lock(generations.mutex);
  std::erase_if(generations.pools, [](const auto& pool) { return pool.expired(); });
  if (generations.pools.empty()) generations.pools.push_back(before);
  generations.pools.push_back(now);
}

std::vector<std::shared_ptr<Pool>> Pool::Generations::alive() {
  const std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<Pool>> all;
  for (const auto& pool : pools) {
    if (auto one = pool.lock()) all.push_back(std::move(one));
  }
  return all;
}

void Pool::offer_generations() {
  const std::vector<std::shared_ptr<Pool>> all = generations_->alive();
  for (const auto& pool : all) {
    if (pool->queued() != 0) pool->offer_places();
  }
  if (all.empty()) offer_places();
}

void Pool::set_queued() {
  const auto now = static_cast<std::uint32_t>(queue_.size());
  const std::uint32_t before = queued_.exchange(now, std::memory_order_relaxed);
  generations_->queued.fetch_add(now - before, std::memory_order_seq_cst);  // modulo 2^32
}

// Only servers in turn: further groups stay out while a first one is up.
std::size_t Pool::take_any_place() {
  const TurnPlan& plan = current_plan();
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (plan.shares[i] != 0 && servers_[i]->try_enter()) return i;
  }
  return kNone;
}

void Pool::offer_places() {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty()) {
    const std::size_t found = take_any_place();
    if (found == kNone) break;
    QueuedRequest& request = *queue_.front();
    queue_.pop_front();
    request.is_queued_ = false;
    request.given_ = found;
    request.place_given();
  }
  set_queued();
}

}  // namespace ravelin::gateway
