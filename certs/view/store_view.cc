#include "certs/view/store_view.h"

#include "base/hash.h"

#include <algorithm>

namespace ravelin::certs {

StoreView::StoreView(std::shared_ptr<const SharedIndex> index, std::shared_ptr<PairCache> pairs)
    : index_(std::move(index)),
      pairs_(std::move(pairs)),
      size_(index_ == nullptr ? 0 : index_->reader.size()) {}

std::size_t StoreView::shard_of(std::string_view text) {
  return static_cast<std::size_t>(base::mix_bits(base::fnv1a(text)) % kShards);
}

// The shard of that text, as a copy of this view's own.
template <class Value>
StoreView::TextMap<Value>& StoreView::own(Shards<Value>& shards, std::string_view text) {
  auto& shard = shards[shard_of(text)];
  auto copy = shard == nullptr ? std::make_shared<TextMap<Value>>()
                               : std::make_shared<TextMap<Value>>(*shard);
  TextMap<Value>& map = *copy;
  shard = std::move(copy);
  return map;
}

const HeldPtr* StoreView::held(std::string_view name) const {
  const auto& shard = changed_[shard_of(name)];
  if (shard == nullptr) return nullptr;
  const auto found = shard->find(name);
  return found == shard->end() ? nullptr : &found->second;
}

std::optional<std::size_t> StoreView::row_of(std::string_view name) const {
  if (index_ == nullptr) return std::nullopt;
  for (const std::size_t row : index_->reader.find(name)) {
    const auto entry = index_->reader.entry(row);
    if (entry && entry->name == name) return row;
  }
  return std::nullopt;
}

PairSet StoreView::pairs_of(std::uint64_t id, const IndexEntry& entry) const {
  PairSet pairs = pairs_->get(id, entry);
  if (canaries_ == nullptr || pairs.is_empty()) return pairs;
  if (const auto canary = canaries_->find(entry.name); canary != canaries_->end())
    pairs.canary = canary->second;
  return pairs;
}

PairSet StoreView::find_exactly(std::string_view name) const {
  // A certificate that is called so goes before one that covers the name as well.
  if (const HeldPtr* own = held(name); own != nullptr && *own != nullptr)
    return pairs_of((*own)->id, (*own)->entry);
  const HeldCertificate* covering = nullptr;
  if (const auto& shard = covering_[shard_of(name)]; shard != nullptr)
    if (const auto others = shard->find(name); others != shard->end() && !others->second.empty())
      covering = others->second.front().get();
  if (index_ != nullptr) {
    for (const std::size_t row : index_->reader.find(name)) {
      const auto entry = index_->reader.entry(row);
      if (!entry || held(entry->name) != nullptr) continue;
      // By name, here as well: when the index was made must not decide who answers.
      if (entry->name != name && covering != nullptr && covering->entry.name < entry->name) break;
      return pairs_of(index_->first_id + row, *entry);
    }
  }
  return covering == nullptr ? PairSet{} : pairs_of(covering->id, covering->entry);
}

PairSet StoreView::find(std::string_view name) const {
  if (PairSet found = find_exactly(name); !found.is_empty()) return found;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string wildcard = "*";
  wildcard += name.substr(dot);
  return find_exactly(wildcard);
}

std::shared_ptr<StoreView> StoreView::copy() const {
  auto next = std::make_shared<StoreView>(index_, pairs_);
  next->changed_ = changed_;
  next->covering_ = covering_;
  next->canaries_ = canaries_;
  next->size_ = size_;
  next->revision_ = revision_;
  return next;
}

void StoreView::drop(std::string_view name) {
  const HeldPtr* before = held(name);
  if (before == nullptr || *before == nullptr) return;
  const HeldPtr gone = *before;
  for (const std::string_view covered : gone->entry.names) {
    auto& map = own(covering_, covered);
    const auto found = map.find(covered);
    if (found == map.end()) continue;
    std::erase(found->second, gone);
    if (found->second.empty()) map.erase(found);
  }
}

std::shared_ptr<const StoreView> StoreView::with(HeldPtr certificate) const {
  auto next = copy();
  const std::string_view name = certificate->entry.name;
  const bool is_new = !fact(name);
  next->drop(name);
  for (const std::string_view covered : certificate->entry.names) {
    auto& list = own(next->covering_, covered)[std::string(covered)];
    // By name: the order of publishing must not decide who answers.
    const auto place =
        std::ranges::find_if(list, [&](const HeldPtr& other) { return other->entry.name > name; });
    list.insert(place, certificate);
  }
  own(next->changed_, name)[std::string(name)] = std::move(certificate);
  next->size_ += is_new ? 1 : 0;
  ++next->revision_;
  return next;
}

std::shared_ptr<const StoreView> StoreView::without(std::string_view name) const {
  auto next = copy();
  next->size_ -= fact(name) ? 1 : 0;
  next->drop(name);
  own(next->changed_, name)[std::string(name)] = nullptr;
  ++next->revision_;
  return next;
}

std::shared_ptr<const StoreView> StoreView::on(std::shared_ptr<const SharedIndex> index) const {
  auto next = std::make_shared<StoreView>(std::move(index), pairs_);
  next->canaries_ = canaries_;
  next->revision_ = revision_ + 1;
  return next;
}

std::size_t StoreView::changes() const {
  std::size_t changes = 0;
  for (const auto& shard : changed_)
    changes += shard == nullptr ? 0 : shard->size();
  return changes;
}

std::shared_ptr<const StoreView> StoreView::with_canaries(Canaries canaries) const {
  auto next = copy();
  next->canaries_ =
      canaries.empty() ? nullptr : std::make_shared<const Canaries>(std::move(canaries));
  ++next->revision_;
  return next;
}

std::optional<StoreView::Fact> StoreView::fact(std::string_view name) const {
  if (const HeldPtr* own = held(name); own != nullptr) {
    if (*own == nullptr) return std::nullopt;
    return Fact{std::string(name), (*own)->entry.generation, (*own)->entry.not_after};
  }
  const auto row = row_of(name);
  if (!row) return std::nullopt;
  const IndexReader::Row facts = index_->reader.row(*row);
  return Fact{std::string(name), facts.generation, facts.not_after};
}

bool StoreView::serves(const IndexEntry& entry) const {
  const auto same = [&entry](const IndexEntry& other) {
    if (other.generation != entry.generation || other.names != entry.names) return false;
    return std::ranges::all_of(kPairSlots, [&](PairSlot slot) {
      const auto& ours = other.pair(slot);
      const auto& theirs = entry.pair(slot);
      return ours.has_value() == theirs.has_value() &&
             (!ours || (ours->chain == theirs->chain && ours->key == theirs->key));
    });
  };
  if (const HeldPtr* own = held(entry.name); own != nullptr)
    return *own != nullptr && same((*own)->entry);
  const auto row = row_of(entry.name);
  if (!row) return false;
  const auto indexed = index_->reader.entry(*row);
  return indexed && same(*indexed);
}

std::vector<StoreView::Fact> StoreView::soonest(std::size_t count) const {
  struct Candidate {
    std::chrono::sys_seconds not_after;
    std::size_t row;             // of the index, unless
    const HeldCertificate* own;  // it is not null
  };

  std::vector<Candidate> all;
  all.reserve(size_);
  for (const auto& shard : changed_) {
    if (shard == nullptr) continue;
    for (const auto& [name, own] : *shard)
      if (own != nullptr) all.push_back({own->entry.not_after, 0, own.get()});
  }
  for (std::size_t row = 0; index_ != nullptr && row < index_->reader.size(); ++row)
    all.push_back({index_->reader.row(row).not_after, row, nullptr});
  // Some of the index may be hidden, one for each change at most: those are passed over.
  const std::size_t first = std::min(all.size(), count < all.size() ? count + changes() : count);
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(first), {},
                            &Candidate::not_after);
  std::vector<Fact> facts;
  facts.reserve(std::min(count, all.size()));
  for (const Candidate& candidate : all) {
    if (facts.size() == count) break;
    if (candidate.own != nullptr) {
      const IndexEntry& entry = candidate.own->entry;
      facts.push_back({std::string(entry.name), entry.generation, entry.not_after});
      continue;
    }
    const auto entry = index_->reader.entry(candidate.row);
    if (entry && held(entry->name) == nullptr)
      facts.push_back({std::string(entry->name), entry->generation, entry->not_after});
  }
  return facts;
}

}  // namespace ravelin::certs
