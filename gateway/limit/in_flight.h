// InFlightTable: how many requests each key has in flight, exact, over all workers. Bounded by the
// requests in flight themselves: a key is there only while it has one. Any thread; a short lock on
// one of 64 shards where a request that is limited begins and where it ends.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ravelin::gateway {

class InFlightTable {
 public:
  // False, and nothing counted, when the key has `max` already. Pair with leave(). `key` is a hash
  // that clients cannot choose.
  bool enter(std::uint64_t key, std::uint32_t max);
  void leave(std::uint64_t key);

  [[nodiscard]] std::uint32_t count(std::uint64_t key) const;
  [[nodiscard]] std::size_t keys() const;

 private:
  struct SameHash {
    std::size_t operator()(std::uint64_t key) const { return key; }
  };

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint32_t, SameHash> counts;
  };

  [[nodiscard]] const Shard& shard_of(std::uint64_t key) const { return shards_[key >> 58]; }

  Shard& shard_of(std::uint64_t key) { return shards_[key >> 58]; }

  std::array<Shard, 64> shards_;
};

// A request's place in the table; gives it back, however the request ends.
class InFlightPlace {
 public:
  InFlightPlace() = default;

  // Takes over a place that was entered.
  InFlightPlace(std::shared_ptr<InFlightTable> table, std::uint64_t key)
      : table_(std::move(table)), key_(key) {}

  InFlightPlace(InFlightPlace&& other) noexcept
      : table_(std::move(other.table_)), key_(other.key_) {
    other.table_.reset();
  }

  InFlightPlace& operator=(InFlightPlace&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(key_, other.key_);
    return *this;
  }

  InFlightPlace(const InFlightPlace&) = delete;
  InFlightPlace& operator=(const InFlightPlace&) = delete;

  ~InFlightPlace() {
    if (table_ != nullptr) table_->leave(key_);
  }

 private:
  std::shared_ptr<InFlightTable> table_;
  std::uint64_t key_ = 0;
};

}  // namespace ravelin::gateway
