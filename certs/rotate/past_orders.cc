#include "certs/rotate/past_orders.h"

#include "certs/rotate/forecast.h"
#include "certs/rotate/replacement.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

struct Placed {
  sys_seconds at{};
  std::uint64_t generation = 0;
  std::size_t orders = 0;
  std::size_t replacing = 0;
};

std::vector<Placed> placed_orders(std::span<const HistoryEntry> history,
                                  std::span<const GenerationInfo> kept, std::string_view issuer) {
  std::vector<Placed> placed;
  for (const HistoryEntry& entry : history)
    if (entry.issuer == issuer && entry.orders != 0)
      placed.push_back(
          {entry.at, entry.generation, entry.orders, std::min(entry.replacing, entry.orders)});
  for (const GenerationInfo& info : kept) {
    const bool is_told = std::ranges::any_of(
        placed, [&](const Placed& one) { return one.generation == info.number; });
    if (info.issuer != issuer || is_told) continue;
    placed.push_back(
        {info.made, info.number, std::size_t{info.ec ? 1U : 0U} + (info.rsa ? 1U : 0U)});
  }
  std::ranges::stable_sort(placed, {}, &Placed::at);
  return placed;
}

}  // namespace

std::vector<Orders> past_orders(std::span<const HistoryEntry> history,
                                std::span<const GenerationInfo> kept,
                                const std::vector<std::string>& names, std::string_view issuer) {
  std::vector<Orders> all;
  for (const Placed& placed : placed_orders(history, kept, issuer)) {
    const auto info = std::ranges::find(kept, placed.generation, &GenerationInfo::number);
    const std::vector<std::string>& covered = info == kept.end() ? names : info->names;
    if (placed.replacing != 0)
      all.push_back({placed.at, covered, OrderKind::replacing, placed.replacing});
    if (placed.orders > placed.replacing)
      all.push_back({placed.at, covered, kind_of(covered, all), placed.orders - placed.replacing});
  }
  return all;
}

std::vector<Orders> past_orders(const StoreDir& store, const std::string& name,
                                const std::vector<std::string>& names, std::string_view issuer) {
  return past_orders(store.history(name), kept_generations(store, name), names, issuer);
}

}  // namespace ravelin::certs
