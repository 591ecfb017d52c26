#include "gateway/balance/hash_ring.h"

#include "gateway/balance/key_hash.h"

#include <algorithm>
#include <bit>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kPointsPerStart = 4;

}  // namespace

HashRing::HashRing(std::span<const std::string_view> names) : server_count_(names.size()) {
  const std::size_t each = points_per_server(names.size());
  std::vector<std::uint64_t> seeds;
  points_.reserve(each * names.size());
  for (std::size_t server = 0; server < names.size(); ++server) {
    RandomBits bits(seeds.emplace_back(hash_bytes(names[server])));
    for (std::size_t i = 0; i < each; ++i) {
      points_.push_back({.place = static_cast<std::uint32_t>(bits.next() >> 32),
                         .server = static_cast<std::uint32_t>(server)});
    }
  }
  std::ranges::sort(points_, [&seeds](const Point& a, const Point& b) {
    return a.place != b.place ? a.place < b.place : seeds[a.server] < seeds[b.server];
  });
  const std::size_t starts =
      std::bit_ceil(std::max<std::size_t>(points_.size() / kPointsPerStart, 2));
  shift_ = 32 - static_cast<unsigned>(std::countr_zero(starts));
  starts_.reserve(starts);
  std::uint32_t index = 0;
  for (std::uint64_t start = 0; start < starts; ++start) {
    while (index < points_.size() && points_[index].place < start << shift_)
      ++index;
    starts_.push_back(index);
  }
}

}  // namespace ravelin::gateway
