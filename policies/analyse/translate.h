// What `forward` and `redirect` do to packets of one zone before any rule meets them. Pure; any
// thread.
#pragma once

#include "policies/analyse/pair.h"

#include <optional>

namespace ravelin::policies {

struct Translated {
  struct Part {
    const NatRule* nat = nullptr;
    std::vector<Box> boxes;  // as they arrive
  };

  std::vector<Part> forwarded;   // for this host when they arrive
  std::vector<Part> redirected;  // to this host
  std::vector<Box> rest;         // what no entry takes for certain
};

enum class Arriving { for_host, for_others };

// `boxes` come in from `from`. A `forward` takes only what is for the host. Empty: undecided.
std::optional<Translated> translate(const Policy& policy, ZoneId from, Arriving arriving,
                                    std::vector<Box> boxes, Effort& effort);

// What they are behind the entry's port.
std::vector<Box> with_port(std::vector<Box> boxes, const NatRule& nat);

// The flows that a `forward` allows towards its targets, from one of its zones.
std::vector<Box> flows_of(const NatRule& nat, const Policy& policy, const AddressRanges& sources);

bool is_via(const NatRule& nat, ZoneId zone);

}  // namespace ravelin::policies
