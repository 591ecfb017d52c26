#include "gateway/limit/sip_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway {
namespace {

// From the reference implementation's vectors: key 00 01 … 0f, input 00 01 … of each length.
TEST(SipHash, AgreesWithTheReference) {
  const SipKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

  struct Row {
    std::size_t length;
    std::uint64_t hash;
  };

  const Row rows[] = {
      {0, 0x726fdb47dd0e0e31ULL},  {1, 0x74f839c593dc67fdULL}, {2, 0x0d6c8009d9a94f5aULL},
      {7, 0xab0200f58b01d137ULL},  {8, 0x93f5f5799a932462ULL}, {9, 0x9e0082df0ba9e4b0ULL},
      {15, 0xa129ca6149be45e5ULL},
  };
  std::string bytes;
  for (int i = 0; i < 16; ++i)
    bytes += static_cast<char>(i);
  for (const Row& row : rows)
    EXPECT_EQ(sip_hash(key, std::string_view(bytes).substr(0, row.length)), row.hash) << row.length;
}

TEST(SipHash, KeysOfDifferentPurposesDiffer) {
  const SipKey key = random_sip_key();
  EXPECT_NE(sip_hash(derive(key, "a"), "x"), sip_hash(derive(key, "b"), "x"));
  EXPECT_NE(derive(key, "a").k0, derive(key, "a").k1);
  EXPECT_NE(random_sip_key().k0, key.k0);
}

}  // namespace
}  // namespace ravelin::gateway
