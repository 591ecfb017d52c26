#include "gateway/limit/bucket_table.h"

#include "base/check.h"

#include <algorithm>
#include <thread>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;

// Holds one set. Contention is rare (two threads, one set of thousands) and short; who waits long
// waits for a thread that was put to sleep in the middle, and lets it run.
class BucketTable::Hold {
 public:
  explicit Hold(Set& set) : set_(set) {
    for (int spins = 0; set_.lock.exchange(1, std::memory_order_acquire) != 0;) {
      if (++spins % kSpinsBeforeYield == 0) std::this_thread::yield();
    }
  }

  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  ~Hold() { set_.lock.store(0, std::memory_order_release); }

 private:
  static constexpr int kSpinsBeforeYield = 64;
  Set& set_;
};

BucketTable::BucketTable(std::size_t entries)
    : set_count_(std::max<std::size_t>(1, (entries + kWays - 1) / kWays)),
      sets_(std::make_unique<Set[]>(set_count_)) {}

// The high half of the hash as a fraction of the table (Lemire, "Fast random integer generation").
BucketTable::Set& BucketTable::set_of(const Key& key) const {
  return sets_[((key.hash >> 32) * set_count_) >> 32];
}

BucketTable::Entry* BucketTable::find(Set& set, const Key& key) {
  for (Entry& entry : set.entries) {
    if (entry.id == key.id) return &entry;
  }
  return nullptr;
}

BucketTable::Entry& BucketTable::find_or_replace(Set& set, const Key& key, std::int64_t now_ns) {
  CHECK(key.id != 0);
  Entry* first = nullptr;
  for (Entry& entry : set.entries) {
    if (entry.id == key.id) return entry;
    if (first == nullptr || entry.drained_at_ns < first->drained_at_ns) first = &entry;
  }
  if (first->id != 0 && first->drained_at_ns > now_ns)
    evicted_.fetch_add(1, std::memory_order_relaxed);
  *first = {key.id, now_ns};
  return *first;
}

Duration BucketTable::take(const Key& key, Duration cost, Duration capacity, MonoTime now) {
  const std::int64_t now_ns = now.since_boot.count();
  Set& set = set_of(key);
  const Hold hold(set);
  Entry& entry = find_or_replace(set, key, now_ns);
  const std::int64_t after = std::max(entry.drained_at_ns, now_ns) + cost.count();
  const std::int64_t too_much = after - now_ns - capacity.count();
  if (too_much > 0) return Duration(too_much);
  entry.drained_at_ns = after;
  return Duration(0);
}

Duration BucketTable::add(const Key& key, Duration cost, Duration brim, MonoTime now) {
  const std::int64_t now_ns = now.since_boot.count();
  Set& set = set_of(key);
  const Hold hold(set);
  Entry& entry = find_or_replace(set, key, now_ns);
  const std::int64_t after = std::max(entry.drained_at_ns, now_ns) + cost.count();
  entry.drained_at_ns = std::max(entry.drained_at_ns, std::min(after, now_ns + brim.count()));
  return Duration(std::max<std::int64_t>(0, entry.drained_at_ns - now_ns));
}

Duration BucketTable::level(const Key& key, MonoTime now) const {
  Set& set = set_of(key);
  const Hold hold(set);
  const Entry* entry = find(set, key);
  if (entry == nullptr) return Duration(0);
  return std::max(Duration(0), Duration(entry->drained_at_ns) - now.since_boot);
}

bool BucketTable::forget(const Key& key, MonoTime now) {
  Set& set = set_of(key);
  const Hold hold(set);
  Entry* entry = find(set, key);
  if (entry == nullptr) return false;
  const bool was_filled = entry->drained_at_ns > now.since_boot.count();
  *entry = {};
  return was_filled;
}

std::vector<BucketTable::Bucket> BucketTable::fullest(std::size_t count, MonoTime now) const {
  const auto is_fuller = [](const Bucket& a, const Bucket& b) {
    return a.level != b.level ? a.level > b.level : a.id < b.id;
  };
  std::vector<Bucket> kept;  // a heap, the emptiest on top
  for (std::size_t i = 0; i < set_count_; ++i) {
    std::array<Entry, kWays> entries;
    {
      const Hold hold(sets_[i]);
      entries = sets_[i].entries;
    }
    for (const Entry& entry : entries) {
      const Bucket bucket{entry.id, Duration(entry.drained_at_ns) - now.since_boot};
      if (entry.id == 0 || bucket.level <= Duration(0)) continue;
      kept.push_back(bucket);
      std::push_heap(kept.begin(), kept.end(), is_fuller);
      if (kept.size() <= count) continue;
      std::pop_heap(kept.begin(), kept.end(), is_fuller);
      kept.pop_back();
    }
  }
  std::sort(kept.begin(), kept.end(), is_fuller);
  return kept;
}

std::size_t BucketTable::estimate_in_use(MonoTime now) const {
  constexpr std::size_t kSetsMax = 65'536;
  const std::size_t looked_at = std::min(set_count_, kSetsMax);
  std::size_t filled = 0;
  for (std::size_t i = 0; i < looked_at; ++i) {
    const Hold hold(sets_[i]);
    for (const Entry& entry : sets_[i].entries)
      filled += entry.id != 0 && entry.drained_at_ns > now.since_boot.count() ? 1 : 0;
  }
  return filled * set_count_ / looked_at;
}

}  // namespace ravelin::gateway
