// Interfaces as far as rules can tell them apart: names that the same patterns match are one class,
// and a set of classes is a bit mask in a Box. Pure values; any thread.
#pragma once

#include "policies/model/policy.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::policies {

// The interfaces of one zone, told apart by the patterns of `via` of the rules it meets.
class InterfaceClasses {
 public:
  // Of the zone's interfaces, and the `via` of these rules; kHost: of no zone, one class. Empty:
  // the patterns tell more than 64 classes apart.
  static std::optional<InterfaceClasses> of(const Policy& policy, ZoneId zone,
                                            std::span<const Rule* const> rules);

  // Those that match one of the patterns; no pattern: all.
  [[nodiscard]] std::uint64_t mask_of(std::span<const std::string> patterns) const;

  [[nodiscard]] std::uint64_t all() const;

  // The name of an interface of the first class in the mask ("eth0"; "wg*" becomes "wg0"); empty
  // for the host.
  [[nodiscard]] std::string example(std::uint64_t mask) const;

 private:
  std::vector<std::string> names_;  // one interface of each class; none: the host
};

// A name that the pattern matches and, where there is one, none of the others that are more
// specific: "wg*" becomes "wg0".
std::string interface_of(std::string_view pattern, std::span<const std::string> others);

// An interface of the zone, by its first pattern; empty for the host.
std::string first_interface(const Policy& policy, ZoneId zone);

// The side of a pair whose interface `via` is about: where the packet comes in, or goes out when
// the host sends it.
ZoneId outside_of(ZoneId from, ZoneId to);

}  // namespace ravelin::policies
