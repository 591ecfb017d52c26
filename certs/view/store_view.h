// One immutable generation of a store as gateways see it: an index that is mapped, and over it what
// has been published since. A change makes a new view at the cost of the names it is about, however
// many there are. Any thread, no disk but the mapped index.
#pragma once

#include "certs/store.h"
#include "certs/view/index_bytes.h"
#include "certs/view/pair_cache.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravelin::certs {

// A certificate in memory. `entry` views the strings beside it.
struct HeldCertificate {
  std::uint64_t id = 0;  // unique in this process
  std::vector<std::string> texts;
  IndexEntry entry;
};

using HeldPtr = std::shared_ptr<const HeldCertificate>;

// An index and what keeps its bytes.
struct SharedIndex {
  IndexReader reader;
  std::shared_ptr<const void> memory;
  std::uint64_t first_id = 0;  // of its first row; the others follow
};

class StoreView final : public CertificateView {
 public:
  // `index` may be null: then nothing is there but what is added.
  StoreView(std::shared_ptr<const SharedIndex> index, std::shared_ptr<PairCache> pairs);

  [[nodiscard]] PairSet find(std::string_view name) const override;

  // This view with one certificate changed, or without it. The name is the certificate's own.
  [[nodiscard]] std::shared_ptr<const StoreView> with(HeldPtr certificate) const;
  [[nodiscard]] std::shared_ptr<const StoreView> without(std::string_view name) const;

  // This index and nothing over it, as the view that comes after this one.
  [[nodiscard]] std::shared_ptr<const StoreView> on(std::shared_ptr<const SharedIndex> index) const;
  // How many certificates it holds over its index, or hides of it.
  [[nodiscard]] std::size_t changes() const;

  // What some clients get, by the certificate's name.
  using Canaries = std::map<std::string, std::shared_ptr<const CanaryPairs>, std::less<>>;

  // This view with these canaries and no others. Those of certificates it does not have are shown
  // to nobody.
  [[nodiscard]] std::shared_ptr<const StoreView> with_canaries(Canaries canaries) const;

  struct Fact {
    std::string name;
    std::uint64_t generation = 0;
    std::chrono::sys_seconds not_after{};
  };

  // Of the certificate of that name; nullopt: there is none.
  [[nodiscard]] std::optional<Fact> fact(std::string_view name) const;
  // Whether exactly this is served under its name, byte for byte: numbers begin anew when a
  // certificate is removed and made again.
  [[nodiscard]] bool serves(const IndexEntry& entry) const;
  // Those that end soonest, at most `count`.
  [[nodiscard]] std::vector<Fact> soonest(std::size_t count) const;

  [[nodiscard]] std::size_t size() const { return size_; }

  // Grows by one with each change; never 0.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  [[nodiscard]] const PairCache& pairs() const { return *pairs_; }

 private:
  static constexpr std::size_t kShards = 256;

  struct TextHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  template <class Value>
  using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;
  // Copies of a view share the shards that no change touched.
  template <class Value>
  using Shards = std::array<std::shared_ptr<const TextMap<Value>>, kShards>;

  static std::size_t shard_of(std::string_view text);
  template <class Value>
  static TextMap<Value>& own(Shards<Value>& shards, std::string_view text);

  [[nodiscard]] std::shared_ptr<StoreView> copy() const;
  void drop(std::string_view name);
  [[nodiscard]] const HeldPtr* held(std::string_view name) const;
  [[nodiscard]] PairSet find_exactly(std::string_view name) const;
  [[nodiscard]] PairSet pairs_of(std::uint64_t id, const IndexEntry& entry) const;
  [[nodiscard]] std::optional<std::size_t> row_of(std::string_view name) const;

  std::shared_ptr<const SharedIndex> index_;
  std::shared_ptr<PairCache> pairs_;
  // By the certificate's name; null: gone. What stands here hides what the index has of that name.
  Shards<HeldPtr> changed_;
  // By each name they cover, best first.
  Shards<std::vector<HeldPtr>> covering_;
  std::shared_ptr<const Canaries> canaries_;  // null = there are none
  std::size_t size_ = 0;
  std::uint64_t revision_ = 1;
};

}  // namespace ravelin::certs
