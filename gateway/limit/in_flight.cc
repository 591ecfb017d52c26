#include "gateway/limit/in_flight.h"

#include "base/check.h"

namespace ravelin::gateway {

bool InFlightTable::enter(std::uint64_t key, std::uint32_t max) {
  if (max == 0) return false;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  std::uint32_t& count = shard.counts[key];
  if (count >= max) return false;
  ++count;
  return true;
}

void InFlightTable::leave(std::uint64_t key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(key);
  CHECK(found != shard.counts.end());
  if (--found->second == 0) shard.counts.erase(found);
}

std::uint32_t InFlightTable::count(std::uint64_t key) const {
  const Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(key);
  return found == shard.counts.end() ? 0 : found->second;
}

std::size_t InFlightTable::keys() const {
  std::size_t all = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    all += shard.counts.size();
  }
  return all;
}

}  // namespace ravelin::gateway
