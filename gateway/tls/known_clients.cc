#include "gateway/tls/known_clients.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr auto kUnordered = std::memory_order_relaxed;

// The lower half says which row.
std::uint32_t print_of(std::uint64_t hash) {
  return std::max(static_cast<std::uint32_t>(hash >> 32U), std::uint32_t{1});
}

}  // namespace

KnownClients::KnownClients(std::size_t fingerprints)
    : row_count_(std::max<std::size_t>(1, fingerprints / kWays)) {
  for (Half& half : halves_)
    half.rows = std::make_unique<Row[]>(row_count_);
}

KnownClients::Row& KnownClients::row_of(const Half& half, std::uint64_t hash) const {
  return half.rows[((hash & 0xffffffffU) * row_count_) >> 32U];
}

bool KnownClients::has(const Half& half, std::uint64_t hash) const {
  const std::uint32_t print = print_of(hash);
  return std::ranges::any_of(row_of(half, hash).prints,
                             [print](const auto& each) { return each.load(kUnordered) == print; });
}

bool KnownClients::contains(std::uint64_t hash) const {
  return has(halves_[0], hash) || has(halves_[1], hash);
}

void KnownClients::add(std::uint64_t hash) {
  Half& half = halves_[newer_.load(kUnordered)];
  const std::uint32_t print = print_of(hash);
  Row& row = row_of(half, hash);
  for (auto& each : row.prints) {
    std::uint32_t found = each.load(kUnordered);
    if (found == print) return;
    if (found != 0) continue;
    if (each.compare_exchange_strong(found, print, kUnordered)) {
      half.filled.fetch_add(1, kUnordered);
      return;
    }
    if (found == print) return;
  }
  // A full row: someone is forgotten early.
  row.prints[print % kWays].store(print, kUnordered);
}

void KnownClients::age(base::MonoTime now) {
  if (!has_begun_) turned_ = now;
  has_begun_ = true;
  const std::size_t newer = newer_.load(kUnordered);
  const bool is_full = halves_[newer].filled.load(kUnordered) >= row_count_ * kWays / 4 * 3;
  if (!is_full && now - turned_ < kHalfLife) return;
  turned_ = now;
  Half& older = halves_[1 - newer];
  for (std::size_t i = 0; i < row_count_; ++i)
    for (auto& each : older.rows[i].prints)
      each.store(0, kUnordered);
  older.filled.store(0, kUnordered);
  newer_.store(1 - newer, kUnordered);
}

}  // namespace ravelin::gateway
