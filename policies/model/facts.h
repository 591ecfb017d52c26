// What a policy needs to know of the world besides its text: addresses of names, delegated
// prefixes, countries, users, what its TCP offers. A value that whoever reads the policy fills in;
// the parser never asks. Pure.
#pragma once

#include "policies/model/address_set.h"
#include "policies/model/tcp_offer.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ravelin::policies {

struct Facts {
  std::map<std::string, std::vector<base::IpAddress>, std::less<>> names;     // DNS
  std::map<std::string, std::vector<base::IpPrefix>, std::less<>> delegated;  // zone -> prefixes
  std::map<std::string, AddressRanges, std::less<>> countries;                // "FI"
  std::map<std::string, std::vector<base::IpAddress>, std::less<>> own;  // zone -> our addresses
  std::map<std::string, std::uint32_t, std::less<>> users;               // name -> uid
  std::optional<TcpOffer> tcp_offer;  // none: a Linux host's that nobody has tuned
};

// What of it a policy asks for.
struct WantedFacts {
  std::set<std::string, std::less<>> names, delegated_zones, countries, own_zones, users;
  bool tcp_offer = false;

  friend bool operator==(const WantedFacts&, const WantedFacts&) = default;
};

}  // namespace ravelin::policies
