#include "certs/view/pair_cache.h"

#include "certs/view/held_certificate.h"
#include "tests/certs/certificate_recipes.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::Recipe;
using test::TestKey;

HeldPtr held_of(const std::vector<Recipe>& recipes) {
  Generation generation = test::make_generation(recipes);
  generation.info.number = 1;
  auto held = to_held(generation.info.names.front(), generation, 1);
  EXPECT_TRUE(held);
  return std::move(*held);
}

TEST(PairCache, ParsesAPairOnce) {
  const HeldPtr held = held_of({{}, {.key = TestKey::rsa2048}});
  PairCache cache(10);
  const PairSet first = cache.get(1, held->entry);
  ASSERT_NE(first.ec, nullptr);
  ASSERT_NE(first.rsa, nullptr);
  EXPECT_EQ(first.ec->chain.info.key_type, KeyType::ec);
  EXPECT_EQ(first.rsa->chain.info.key_type, KeyType::rsa);
  EXPECT_EQ(sk_X509_num(first.ec->chain.intermediates.get()), 1);
  EXPECT_EQ(cache.get(1, held->entry), first);
  EXPECT_EQ(cache.loads(), 1U);
  EXPECT_NE(cache.get(2, held->entry), first);
  EXPECT_EQ(cache.loads(), 2U);
  EXPECT_EQ(cache.failures(), 0U);
}

TEST(PairCache, ForgetsWhatWasNotNeededLongest) {
  const HeldPtr held = held_of({{}});
  PairCache cache(2);
  const PairSet one = cache.get(1, held->entry);
  cache.get(2, held->entry);
  EXPECT_EQ(cache.get(1, held->entry), one);
  cache.get(3, held->entry);  // 2 goes
  EXPECT_EQ(cache.loads(), 3U);
  EXPECT_EQ(cache.get(1, held->entry), one);
  EXPECT_EQ(cache.loads(), 3U);
  cache.get(2, held->entry);
  EXPECT_EQ(cache.loads(), 4U);
  // What someone still has outlives the cache's.
  EXPECT_EQ(one.ec->chain.info.dns_names.front(), "www.example.test");
}

TEST(PairCache, WhatWasPutIsNotParsed) {
  const HeldPtr held = held_of({{}});
  PairCache cache(2);
  const PairSet made{test::make_pair({}), nullptr};
  cache.put(5, made);
  cache.put(5, PairSet{});  // the first stays
  EXPECT_EQ(cache.get(5, held->entry), made);
  EXPECT_EQ(cache.loads(), 0U);
}

struct BrokenPair {
  const char* title;
  void (*damage)(PairBytes& bytes);
  const char* why;
};

const std::string kGarbage = "not DER at all";

TEST(PairCache, BrokenPairsAreLeftOutAndCountedOnce) {
  static const std::string other_key = [] {
    const auto blocks = decode_pem(key_to_pem(test::test_key(TestKey::other_p256)), "key");
    return blocks->front().der;
  }();
  const BrokenPair rows[] = {
      {"AnothersKey", [](PairBytes& b) { b.key = other_key; },
       "the private key is not that of the certificate"},
      {"NoKey", [](PairBytes& b) { b.key = {}; }, "the private key does not parse"},
      {"KeyCutOff", [](PairBytes& b) { b.key.remove_suffix(1); }, "the private key does not parse"},
      {"NoChain", [](PairBytes& b) { b.chain.clear(); }, "there is no certificate"},
      {"Garbage", [](PairBytes& b) { b.chain[0] = kGarbage; }, "a certificate does not parse: "},
      {"CutOff", [](PairBytes& b) { b.chain[0].remove_suffix(1); },
       "a certificate does not parse: "},
      {"GarbageAbove", [](PairBytes& b) { b.chain[1] = kGarbage; },
       "a certificate does not parse: "},
  };
  for (const BrokenPair& row : rows) {
    const HeldPtr held = held_of({{}, {.key = TestKey::rsa2048}});
    IndexEntry entry = held->entry;
    row.damage(*entry.ec);
    KeyDecoder decoder;
    const auto parsed = parse_pair(*entry.ec, PairSlot::ec, decoder);
    ASSERT_FALSE(parsed) << row.title;
    EXPECT_EQ(parsed.error().message.substr(0, std::string_view(row.why).size()), row.why)
        << row.title;
    PairCache cache(2);
    for (int i = 0; i < 2; ++i) {
      const PairSet pairs = cache.get(1, entry);
      EXPECT_EQ(pairs.ec, nullptr) << row.title;
      EXPECT_NE(pairs.rsa, nullptr) << row.title;
    }
    EXPECT_EQ(cache.failures(), 1U) << row.title;
  }
}

TEST(KeyDecoder, TakesOnlyKeysOfTheTypeThatIsAskedFor) {
  const HeldPtr held = held_of({{}, {.key = TestKey::rsa2048}});
  KeyDecoder decoder;
  EXPECT_EQ(decoder.decode(held->entry.ec->key, KeyType::rsa), nullptr);
  EXPECT_EQ(decoder.decode(held->entry.rsa->key, KeyType::ec), nullptr);
  // And goes on working.
  EXPECT_NE(decoder.decode(held->entry.ec->key, KeyType::ec), nullptr);
  EXPECT_NE(decoder.decode(held->entry.rsa->key, KeyType::rsa), nullptr);
}

}  // namespace
}  // namespace ravelin::certs
