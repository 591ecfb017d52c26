// What an address in a policy is spelled like, apart from names: one address, a network, a range, a
// part of a delegated prefix, a host's name. Pure; any thread.
#pragma once

#include "base/result.h"
#include "policies/model/address_set.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::policies {

// "10.0.0.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9". Error: none of them, with the reason.
base::Result<AddressRange> parse_address_range(std::string_view text);

// Whether it can only be meant as an address or network: worth parse_address_range's reason.
bool looks_like_address(std::string_view text);

// "mail.example.com": labels of letters, digits and "-", with a dot, the last one with a letter.
bool is_dns_name(std::string_view text);

// "pd(wan,2)::10": the third /64 of whatever prefix is delegated on zone wan, and in it the address
// ::10; "pd(wan,2)::/64" all of it.
struct DelegatedPart {
  std::string zone;
  std::uint64_t subnet = 0;
  base::IpAddress suffix;  // its upper half is zero
  int length = 128;        // 64 to 128
};

base::Result<DelegatedPart> parse_delegated_part(std::string_view text);

// The addresses of that part of `prefix`; nothing when the prefix has no such /64.
std::optional<AddressRange> part_of(const base::IpPrefix& prefix, const DelegatedPart& part);

// Sources no packet from the internet has: unspecified, private, shared, loopback, link-local,
// benchmark, reserved and multicast networks. Without the documentation networks (tests of policies
// are written with them) and fe80::/10 (needed on every link).
const AddressRanges& bogons();

}  // namespace ravelin::policies
