// BucketTable: leaky buckets by key, in bounded memory, shared by all threads. A bucket is one
// time: the moment it will have drained (the theoretical arrival time of GCRA, ITU-T I.371). One
// whose moment has passed is empty and as good as not there. Any thread; each call holds one set of
// seven buckets for some dozen nanoseconds.
//
// A key has one set where its bucket may be. In a full set the bucket that drains first goes: that
// one forgets least, and a newcomer is never refused because of others. So a spray of new keys
// replaces each other's nearly empty buckets, while those who have filled theirs stay.
#pragma once

#include "base/clock.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ravelin::gateway {

class BucketTable {
 public:
  // `id` tells keys apart (0 is none); `hash` must be one that clients cannot choose.
  struct Key {
    std::uint64_t id = 0;
    std::uint64_t hash = 0;
  };

  explicit BucketTable(std::size_t entries);  // rounded up to whole sets; 128 bytes each
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;

  // Pours `cost` in if the bucket then holds no more than `capacity`, and returns 0; else changes
  // nothing and returns how long until it would fit. 0 < cost <= capacity.
  base::Duration take(const Key& key, base::Duration cost, base::Duration capacity,
                      base::MonoTime now);

  // Pours `cost` in, up to `brim`, and returns what the bucket then holds.
  base::Duration add(const Key& key, base::Duration cost, base::Duration brim, base::MonoTime now);

  [[nodiscard]] base::Duration level(const Key& key, base::MonoTime now) const;

  // Whether there was something to forget.
  bool forget(const Key& key, base::MonoTime now);

  struct Bucket {
    std::uint64_t id = 0;
    base::Duration level{0};
  };

  // The fullest, fullest first. Looks at all of the table: not for the data path.
  [[nodiscard]] std::vector<Bucket> fullest(std::size_t count, base::MonoTime now) const;

  // How many buckets are not empty, from 65,536 sets at most.
  [[nodiscard]] std::size_t estimate_in_use(base::MonoTime now) const;

  [[nodiscard]] std::size_t entries() const { return set_count_ * kWays; }

  // Buckets that were forgotten before they had drained: 0 as long as the table is large enough.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kWays = 7;

  struct Entry {
    std::uint64_t id = 0;
    std::int64_t drained_at_ns = 0;  // since boot
  };

  struct alignas(128) Set {
    std::atomic<std::uint32_t> lock{0};
    std::array<Entry, kWays> entries;  // under `lock`
  };

  class Hold;

  [[nodiscard]] Set& set_of(const Key& key) const;
  static Entry* find(Set& set, const Key& key);
  // The bucket of the key, or a place for it: an empty one, else the one that drains first.
  Entry& find_or_replace(Set& set, const Key& key, std::int64_t now_ns);

  std::size_t set_count_;
  std::unique_ptr<Set[]> sets_;
  std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace ravelin::gateway
