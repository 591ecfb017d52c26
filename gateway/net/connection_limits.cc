#include "gateway/net/connection_limits.h"

#include "base/hash.h"
#include "gateway/limit/client_prefix.h"

#include <sys/random.h>

#include <cstring>

namespace ravelin::gateway {
namespace {

// Clients choose their addresses: the hash is keyed so that they cannot choose collisions.
std::uint64_t hash_key() {
  static const std::uint64_t key = [] {
    std::uint64_t value = 0x9e3779b97f4a7c15ULL;
    if (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) value ^= 1;
    return value;
  }();
  return key;
}

}  // namespace

std::size_t ConnectionGate::KeyHash::operator()(const base::IpAddress& key) const {
  std::uint64_t high = 0;
  std::memcpy(&high, key.bytes.data(), sizeof high);
  return base::mix_bits((high ^ hash_key()) + static_cast<std::uint64_t>(key.family));
}

ConnectionGate::Shard& ConnectionGate::shard_of(const base::IpAddress& key) {
  return shards_[(KeyHash{}(key) >> 8) % shards_.size()];
}

ConnectionGate::Entry ConnectionGate::enter(const base::IpAddress& client) {
  const Entry entry = enter_unnamed();
  if (entry != Entry::admitted) return entry;
  const Entry named = name(client);
  if (named != Entry::admitted) leave_unnamed();
  return named;
}

ConnectionGate::Entry ConnectionGate::enter_unnamed() {
  const std::uint32_t max = max_.load(std::memory_order_relaxed);
  if (count_.fetch_add(1, std::memory_order_relaxed) >= max && max != 0) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return Entry::listener_full;
  }
  return Entry::admitted;
}

ConnectionGate::Entry ConnectionGate::name(const base::IpAddress& client) {
  const std::uint32_t per_client = per_client_max_.load(std::memory_order_relaxed);
  const base::IpAddress key = client_prefix(client).address;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  std::uint32_t& count = shard.counts[key];
  if (per_client != 0 && count >= per_client) return Entry::client_full;
  ++count;
  return Entry::admitted;
}

void ConnectionGate::leave(const base::IpAddress& client) {
  count_.fetch_sub(1, std::memory_order_relaxed);
  const base::IpAddress key = client_prefix(client).address;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(key);
  if (found != shard.counts.end() && --found->second == 0) shard.counts.erase(found);
}

}  // namespace ravelin::gateway
