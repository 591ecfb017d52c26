#include "certs/view/held_certificate.h"

#include "certs/view/pair_cache.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using test::StoreLab;
using test::TestKey;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kName = "www.example.test";

TEST(HeldCertificate, HasThePairsOfTheGeneration) {
  Generation generation = test::make_generation(
      {{.names = {kName, "b.example.test"}}, {.names = {kName}, .key = TestKey::rsa2048}});
  generation.info.number = 4;
  const auto held = to_held(kName, generation, 9);
  ASSERT_TRUE(held) << held.error().message;
  const IndexEntry& entry = (*held)->entry;
  EXPECT_EQ((*held)->id, 9U);
  EXPECT_EQ(entry.name, kName);
  EXPECT_THAT(entry.names, ElementsAre(kName, "b.example.test"));
  EXPECT_EQ(entry.generation, 4U);
  EXPECT_EQ(entry.not_after, generation.info.not_after());
  KeyDecoder decoder;
  for (const PairSlot slot : kPairSlots) {
    ASSERT_TRUE(entry.pair(slot));
    EXPECT_EQ(entry.pair(slot)->chain.size(), 2U);
    const auto pair = parse_pair(*entry.pair(slot), slot, decoder);
    ASSERT_TRUE(pair) << pair.error().message;
    EXPECT_EQ((*pair)->chain.info.spki_sha256, generation.info.facts(slot)->spki_sha256);
  }
}

struct BrokenTexts {
  const char* title;
  void (*damage)(PairTexts& texts);
  const char* why;
};

TEST(HeldCertificate, BrokenPemIsNamed) {
  const BrokenTexts rows[] = {
      {"NoKey", [](PairTexts& t) { t.key.clear(); }, "ec.pem: is empty"},
      {"CertificateForKey", [](PairTexts& t) { t.key = t.chain; },
       "ec.pem: is not one private key in PKCS#8"},
      {"TwoKeys", [](PairTexts& t) { t.key += t.key; }, "ec.pem: is not one private key in PKCS#8"},
      {"KeyCutOff", [](PairTexts& t) { t.key.resize(t.key.size() / 2); },
       "ec.pem: line 1: broken PEM block"},
      {"NoChain", [](PairTexts& t) { t.chain = "nothing\n"; }, "ec.pem: has no PEM block"},
      {"ChainCutOff", [](PairTexts& t) { t.chain.resize(t.chain.size() - 60); },
       "broken PEM block"},
  };
  for (const BrokenTexts& row : rows) {
    Generation generation = test::make_generation({{.names = {kName}}});
    row.damage(*generation.ec);
    const auto held = to_held(kName, generation, 1);
    ASSERT_FALSE(held) << row.title;
    EXPECT_THAT(held.error().message, HasSubstr(row.why)) << row.title;
  }
}

TEST(HeldCertificate, IsReadFromTheStore) {
  StoreLab lab;
  EXPECT_EQ(*read_held(lab.store, kName, {}, 1), nullptr);
  const auto lease = lab.lease("b.example.test");
  ASSERT_TRUE(lab.store.set_want(*lease, "b.example.test", {.names = {"b.example.test"}}));
  EXPECT_EQ(*read_held(lab.store, "b.example.test", {}, 1), nullptr);
  lab.serve(kName);
  lab.serve(kName);
  const auto held = read_held(lab.store, kName, {}, 1);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ((*held)->entry.generation, 2U);
}

TEST(HeldCertificate, RevokedKeysAreNeverHeld) {
  StoreLab lab;
  const Generation generation = test::make_generation({{.names = {kName}}});
  lab.serve(kName, generation);
  const auto held = read_held(lab.store, kName, {generation.info.ec->spki_sha256}, 1);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Errc::denied);
  EXPECT_EQ(held.error().message,
            "E_KEY_COMPROMISED: generation 1 has a revoked key: ravelin certs rotate "
            "www.example.test");
}

}  // namespace
}  // namespace ravelin::certs
