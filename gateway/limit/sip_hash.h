// SipHash-2-4: a keyed hash, so that those who choose what is hashed cannot choose collisions.
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). Pure apart from
// random_sip_key; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

std::uint64_t sip_hash(const SipKey& key, std::string_view bytes);

// Another key for another purpose: what is hashed under the two has nothing in common.
SipKey derive(const SipKey& key, std::string_view purpose);

// From the kernel; ends the process where that is refused.
SipKey random_sip_key();

}  // namespace ravelin::gateway
