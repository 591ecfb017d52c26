// ConnectionGate: how many connections one listener has, in all and for each client, over all
// workers. Exact; a short lock on accept and on close, never in between. Kept over reloads.
#pragma once

#include "base/address.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace ravelin::gateway {

class ConnectionGate {
 public:
  struct Limits {
    std::uint32_t max = 0;             // 0 = no limit
    std::uint32_t per_client_max = 0;  // 0 = no limit
  };

  void set_limits(Limits limits) {
    max_.store(limits.max, std::memory_order_relaxed);
    per_client_max_.store(limits.per_client_max, std::memory_order_relaxed);
  }

  enum class Entry : unsigned char { admitted, listener_full, client_full };
  // `client` is admitted under its key: the IPv4 address or the IPv6 /64. Pair with leave().
  Entry enter(const base::IpAddress& client);
  void leave(const base::IpAddress& client);

  // The same in two steps, for a client who is known only later: enter_unnamed() counts for the
  // listener, then name() for the client. Pair the first with leave(), or, as long as the client
  // was not admitted, with leave_unnamed().
  Entry enter_unnamed();
  Entry name(const base::IpAddress& client);

  void leave_unnamed() { count_.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  struct KeyHash {
    std::size_t operator()(const base::IpAddress& key) const;
  };

  // Bounded by the connections themselves: an entry is there only while its client has one open.
  struct alignas(64) Shard {
    std::mutex mutex;
    std::unordered_map<base::IpAddress, std::uint32_t, KeyHash> counts;
  };

  Shard& shard_of(const base::IpAddress& key);

  std::atomic<std::uint32_t> max_{0};
  std::atomic<std::uint32_t> per_client_max_{0};
  alignas(64) std::atomic<std::uint32_t> count_{0};
  std::array<Shard, 16> shards_;
};

}  // namespace ravelin::gateway
