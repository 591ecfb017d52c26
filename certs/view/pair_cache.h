// The certificates of a store as OpenSSL objects: made when a handshake first needs them, kept for
// those that are needed often. Shared by all workers and by every view of the store.
#pragma once

#include "certs/store.h"
#include "certs/view/index_bytes.h"
#include "certs/view/key_decoder.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

namespace ravelin::certs {

// Makes a key that signs for a certificate of a store whose keys are in another process. Called on
// workers' threads: does not wait.
using KeyMaker =
    std::function<Result<KeyPtr>(const IndexEntry& entry, PairSlot slot, const Chain& chain)>;

// Chain and key of a pair, which belong together. Errors: it does not parse, the key is another's.
Result<PairPtr> parse_pair(const PairBytes& bytes, PairSlot slot, KeyDecoder& decoder);

class PairCache {
 public:
  // Without `make_key` the keys of the entries are used.
  explicit PairCache(std::size_t sets_max, KeyMaker make_key = {})
      : sets_max_(sets_max), make_key_(std::move(make_key)) {}

  PairCache(const PairCache&) = delete;
  PairCache& operator=(const PairCache&) = delete;
  ~PairCache() = default;

  // Those known by `id` (unique for one generation of one certificate), else made of the entry. A
  // pair that does not parse is left out, and counted.
  PairSet get(std::uint64_t id, const IndexEntry& entry);

  // Ready before anybody asks.
  void put(std::uint64_t id, PairSet pairs);

  [[nodiscard]] std::uint64_t loads() const { return loads_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  struct Known {
    std::uint64_t id;
    PairSet pairs;
  };

  PairSet load(const IndexEntry& entry);

  Result<PairPtr> make_pair(const IndexEntry& entry, PairSlot slot);

  const std::size_t sets_max_;
  const KeyMaker make_key_;
  std::mutex mutex_;       // of the two below; held for a few pointer moves
  std::list<Known> used_;  // most recent first
  std::unordered_map<std::uint64_t, std::list<Known>::iterator> by_id_;
  std::mutex decoder_mutex_;
  KeyDecoder decoder_;
  std::atomic<std::uint64_t> loads_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace ravelin::certs
