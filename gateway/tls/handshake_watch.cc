#include "gateway/tls/handshake_watch.h"

#include "gateway/limit/client_prefix.h"

#include <algorithm>
#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Over a Unix socket nobody has an address.
bool counts(const base::IpAddress& client, const certs::PairSource& shown) {
  return shown.name != 0 && client != base::IpAddress{.family = client.family};
}

}  // namespace

HandshakeWatch::HandshakeWatch()
    : key_(random_sip_key()), slots_(std::make_unique<Slot[]>(kWatchedMax)) {}

std::uint64_t HandshakeWatch::hash_of(const base::IpAddress& client, std::uint64_t name) const {
  constexpr std::size_t kPrefixBytes = 8;
  const base::IpPrefix prefix = client_prefix(client);
  std::array<char, kPrefixBytes + 1 + sizeof name> text{};
  std::memcpy(text.data(), prefix.address.bytes.data(), kPrefixBytes);
  text[kPrefixBytes] = static_cast<char>(prefix.address.family);
  std::memcpy(text.data() + kPrefixBytes + 1, &name, sizeof name);
  return sip_hash(key_, {text.data(), text.size()});
}

HandshakeWatch::Slot* HandshakeWatch::ways_of(std::uint64_t name) const {
  return &slots_[name % (kWatchedMax / kWays) * kWays];
}

HandshakeWatch::Slot* HandshakeWatch::find(std::uint64_t name) const {
  if (watched_.load(kRelaxed) == 0) return nullptr;
  Slot* ways = ways_of(name);
  Slot* found = std::find_if(ways, ways + kWays,
                             [name](const Slot& s) { return s.name.load(kRelaxed) == name; });
  return found == ways + kWays ? nullptr : found;
}

void HandshakeWatch::accepted(const base::IpAddress& client, const certs::PairSource& shown) {
  if (!counts(client, shown)) return;
  Slot* slot = find(shown.name);
  if (slot != nullptr && slot->generation.load(kRelaxed) == shown.generation) {
    // Not known by that: whoever refuses it has to have taken the one before.
    slot->accepted.fetch_add(1, kRelaxed);
    return;
  }
  if (slot != nullptr) slot->accepted_before.fetch_add(1, kRelaxed);
  known_.add(hash_of(client, shown.name));
}

void HandshakeWatch::refused(const base::IpAddress& client, const certs::PairSource& shown) {
  if (!counts(client, shown)) return;
  Slot* slot = find(shown.name);
  if (slot == nullptr || slot->generation.load(kRelaxed) != shown.generation) return;
  const std::uint64_t hash = hash_of(client, shown.name);
  if (!known_.contains(hash)) return;
  const auto print = std::max(static_cast<std::uint32_t>(hash >> 32U), std::uint32_t{1});
  for (auto& each : slot->who) {
    std::uint32_t found = each.load(kRelaxed);
    if (found == 0 && each.compare_exchange_strong(found, print, kRelaxed)) {
      slot->refusing.fetch_add(1, kRelaxed);
      return;
    }
    if (found == print) return;
  }
}

std::optional<HandshakeWatch::Seen> HandshakeWatch::seen(const certs::PairSource& watched) const {
  const Slot* slot = find(watched.name);
  if (slot == nullptr || slot->generation.load(kRelaxed) != watched.generation) return std::nullopt;
  return Seen{slot->accepted.load(kRelaxed), slot->accepted_before.load(kRelaxed),
              slot->refusing.load(kRelaxed)};
}

void HandshakeWatch::begin(const certs::PairSource& watched) {
  Slot* slot = find(watched.name);
  if (slot == nullptr) {
    Slot* ways = ways_of(watched.name);
    // A free one was begun never.
    slot = std::min_element(ways, ways + kWays,
                            [](const Slot& a, const Slot& b) { return a.begun < b.begun; });
    if (slot->name.load(kRelaxed) == 0) watched_.fetch_add(1, kRelaxed);
  }
  slot->generation.store(0, kRelaxed);
  slot->name.store(watched.name, kRelaxed);
  slot->accepted.store(0, kRelaxed);
  slot->accepted_before.store(0, kRelaxed);
  for (auto& each : slot->who)
    each.store(0, kRelaxed);
  slot->refusing.store(0, kRelaxed);
  slot->begun = ++begun_;
  slot->generation.store(watched.generation, kRelaxed);
}

void HandshakeWatch::end(const certs::PairSource& watched) {
  Slot* slot = find(watched.name);
  if (slot == nullptr || slot->generation.load(kRelaxed) != watched.generation) return;
  slot->generation.store(0, kRelaxed);
  slot->name.store(0, kRelaxed);
  slot->begun = 0;
  watched_.fetch_sub(1, kRelaxed);
}

}  // namespace ravelin::gateway
