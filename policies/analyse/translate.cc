#include "policies/analyse/translate.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kFormBoxesMax = 20'000;
constexpr std::uint64_t kEveryInterface = ~std::uint64_t{0};

bool has_target(const NatRule& nat, base::Family family) {
  return std::any_of(nat.to.begin(), nat.to.end(),
                     [&](const base::IpAddress& address) { return address.family == family; });
}

// The families the entry is for.
AddressRanges families_of(const NatRule& nat) {
  AddressRanges all;
  for (const base::Family family : {base::Family::ipv4, base::Family::ipv6}) {
    const bool is_meant = family == base::Family::ipv4 ? nat.ipv4 : nat.ipv6;
    if (is_meant && (nat.kind == NatRule::Kind::redirect || has_target(nat, family)))
      all.push_back(everything(family));
  }
  return all;
}

std::vector<Box> boxes_of(const NatRule& nat, const Policy& policy, FeedReading reading) {
  return boxes_of(nat.services, addresses_of(nat.from, policy.feeds, reading), families_of(nat),
                  kEveryInterface);
}

}  // namespace

bool is_via(const NatRule& nat, ZoneId zone) {
  return std::find(nat.via.begin(), nat.via.end(), zone) != nat.via.end();
}

std::optional<Translated> translate(const Policy& policy, ZoneId from, Arriving arriving,
                                    std::vector<Box> boxes, Effort& effort) {
  Translated parts{.rest = std::move(boxes)};
  for (const auto kind : {NatRule::Kind::forward, NatRule::Kind::redirect}) {
    if (kind == NatRule::Kind::forward && arriving == Arriving::for_others) continue;
    for (const NatRule& nat : policy.nat) {
      if (nat.kind != kind || !is_via(nat, from)) continue;
      Region taken = intersection(parts.rest, boxes_of(nat, policy, FeedReading::possible));
      if (taken.empty()) continue;
      auto& list = kind == NatRule::Kind::forward ? parts.forwarded : parts.redirected;
      list.push_back({&nat, std::move(taken)});
      if (nat.until) continue;
      auto rest = difference(parts.rest, boxes_of(nat, policy, FeedReading::certain), kFormBoxesMax,
                             effort);
      if (!rest) return std::nullopt;
      parts.rest = std::move(*rest);
    }
  }
  return parts;
}

std::vector<Box> with_port(std::vector<Box> boxes, const NatRule& nat) {
  for (Box& box : boxes) {
    if (nat.to_port) box.ports = {*nat.to_port, *nat.to_port};
  }
  return boxes;
}

std::vector<Box> flows_of(const NatRule& nat, const Policy& policy, const AddressRanges& sources) {
  AddressRanges targets;
  for (const base::IpAddress& address : nat.to) {
    const bool is_meant = address.family == base::Family::ipv4 ? nat.ipv4 : nat.ipv6;
    if (is_meant) targets.push_back({address, address});
  }
  const AddressRanges from = addresses_of(nat.from, policy.feeds, FeedReading::possible);
  return with_port(boxes_of(nat.services, intersection(from, sources),
                            normalised(std::move(targets)), kEveryInterface),
                   nat);
}

}  // namespace ravelin::policies
