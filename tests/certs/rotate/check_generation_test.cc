#include "certs/rotate/check_generation.h"

#include "tests/certs/certificate_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <functional>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using test::Above;
using test::Recipe;
using test::TestKey;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Names = std::vector<std::string>;

const std::string kName = "www.example.test";

Result<std::vector<PairFinding>> check(Generation& generation, const Names& wanted = {kName},
                                       const RevokedKeys& revoked = {},
                                       PairUse use = PairUse::server) {
  return check_generation(generation, {wanted, revoked, use, test::kNow});
}

std::string why(Generation generation, const Names& wanted = {kName}) {
  const auto checked = check(generation, wanted);
  return checked ? "" : checked.error().message;
}

TEST(CheckGeneration, FillsInWhatIsKnownOfThePairs) {
  Generation generation =
      test::make_generation({{.names = {kName, "b.example.test"}},
                             {.names = {kName, "b.example.test"}, .key = TestKey::rsa2048}});
  const GenerationInfo wanted = generation.info;
  generation.info.names = {kName};
  generation.info.rsa.reset();
  generation.info.ec = PairFacts{.order = "https://ca/1"};
  const auto checked = check(generation);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(*checked, IsEmpty());
  EXPECT_THAT(generation.info.names, ElementsAre(kName, "b.example.test"));
  EXPECT_EQ(generation.info.rsa, wanted.rsa);
  EXPECT_EQ(generation.info.ec->order, "https://ca/1");
  EXPECT_EQ(generation.info.ec->key, "p256");
  EXPECT_EQ(generation.info.ec->spki_sha256, wanted.ec->spki_sha256);
}

TEST(CheckGeneration, OnlyWhatBothPairsCoverCounts) {
  Generation generation =
      test::make_generation({{.names = {kName, "b.example.test"}},
                             {.names = {kName, "c.example.test"}, .key = TestKey::rsa2048}});
  ASSERT_TRUE(check(generation));
  EXPECT_THAT(generation.info.names, ElementsAre(kName));
}

TEST(CheckGeneration, TheCertificatesOwnNameStaysWhenAWildcardCoversIt) {
  Generation generation = test::make_generation({{.names = {"*.example.test"}}});
  generation.info.names = {kName};
  const auto checked = check(generation);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(generation.info.names, ElementsAre(kName, "*.example.test"));
}

TEST(CheckGeneration, TextsAreLeftAsAStoreKeepsThem) {
  const Generation plain = test::make_generation({{}});
  Generation generation = plain;
  EVP_PKEY* key = test::test_key(TestKey::p256);
  const BioPtr out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(
      PEM_write_bio_PrivateKey_traditional(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr),
      1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  generation.ec->key = std::string(text, static_cast<std::size_t>(size));
  ASSERT_THAT(generation.ec->key, HasSubstr("BEGIN EC PRIVATE KEY"));
  generation.ec->chain =
      "Certificate of www\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
      "-----END EC PARAMETERS-----\n" +
      plain.ec->chain;
  const auto checked = check(generation);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(generation.ec->key, plain.ec->key);
  EXPECT_EQ(generation.ec->chain, plain.ec->chain);
}

struct BadRecipe {
  const char* title;
  std::function<void(Recipe&)> change;
  const char* code;
};

TEST(CheckGeneration, BadCertificatesAreRefusedByTheirCode) {
  const BadRecipe rows[] = {
      {"Expired", [](Recipe& r) { r.not_after = test::kNow - hours(1); }, "E_CERT_EXPIRED: "},
      {"NotYetValid", [](Recipe& r) { r.not_before = test::kNow + hours(1); },
       "E_CERT_NOT_YET_VALID: "},
      {"CaAsLeaf", [](Recipe& r) { r.constraints = "critical,CA:TRUE"; }, "E_CERT_IS_CA: "},
      {"NoSan", [](Recipe& r) { r.names.clear(); }, "E_CERT_NO_SAN: "},
      {"OtherNames", [](Recipe& r) { r.names = {"other.example.test"}; }, "E_SAN_COVERAGE: "},
      {"WildcardAboveItself", [](Recipe& r) { r.names = {"*.www.example.test"}; },
       "E_SAN_COVERAGE: "},
      {"ShortRsaKey", [](Recipe& r) { r.key = TestKey::rsa1024; }, "E_KEY_WEAK: "},
      {"Ed25519Key", [](Recipe& r) { r.key = TestKey::ed25519; }, "E_KEY_WEAK: "},
      {"Sha1", [](Recipe& r) { r.digest = EVP_sha1(); }, "E_CERT_SIGALG: "},
      {"ClientAuthOnly", [](Recipe& r) { r.extended_usage = "clientAuth"; }, "E_CERT_USAGE: "},
      {"NoDigitalSignature", [](Recipe& r) { r.usage = "critical,keyEncipherment"; },
       "E_CERT_USAGE: "},
      {"ForeignChain", [](Recipe& r) { r.above = Above::stranger; }, "E_CHAIN_WRONG_ISSUER: "},
      {"ExpiredAbove", [](Recipe& r) { r.above = Above::expired_intermediate; },
       "E_CHAIN_EXPIRED_INTERMEDIATE: "},
  };
  for (const BadRecipe& row : rows) {
    Recipe recipe;
    row.change(recipe);
    EXPECT_THAT(why(test::make_generation({recipe})), HasSubstr(row.code)) << row.title;
  }
}

struct BadTexts {
  const char* title;
  std::function<void(Generation&)> change;
  const char* why;
};

TEST(CheckGeneration, FilesThatDoNotBelongTogetherAreRefused) {
  const BadTexts rows[] = {
      {"AnothersKey",
       [](Generation& g) { g.ec->key = key_to_pem(test::test_key(TestKey::other_p256)); },
       "E_KEY_MISMATCH: ec.key: "},
      {"KeyOfAnotherType",
       [](Generation& g) { g.ec->key = key_to_pem(test::test_key(TestKey::rsa2048)); },
       "E_KEY_MISMATCH: ec.key: "},
      {"PairInTheWrongSlot",
       [](Generation& g) {
         g.rsa = std::move(g.ec);
         g.ec.reset();
       },
       "E_KEY_WEAK: rsa.pem: "},
      {"ChainIsNone", [](Generation& g) { g.ec->chain = "hello"; }, "E_CERT_PARSE: ec.pem: "},
      {"ChainCutOff", [](Generation& g) { g.ec->chain.resize(200); }, "E_CERT_PARSE: ec.pem: "},
      {"KeyIsNone", [](Generation& g) { g.ec->key.clear(); }, "E_KEY_PARSE: ec.key: "},
      {"KeyInTheChain", [](Generation& g) { g.ec->chain += g.ec->key; }, "E_CERT_PARSE: ec.pem: "},
      {"NothingAtAll", [](Generation& g) { g.ec.reset(); },
       "E_CERT_PARSE: there is no certificate"},
  };
  for (const BadTexts& row : rows) {
    Generation generation = test::make_generation({{}});
    row.change(generation);
    EXPECT_THAT(why(std::move(generation)), StartsWith(row.why)) << row.title;
  }
}

TEST(CheckGeneration, OneBadPairIsEnough) {
  EXPECT_THAT(why(test::make_generation(
                  {{}, {.key = TestKey::rsa2048, .not_after = test::kNow - hours(1)}})),
              StartsWith("E_CERT_EXPIRED: rsa.pem: "));
}

TEST(CheckGeneration, AddressesAreCovered) {
  const Recipe recipe{.names = {kName, "192.0.2.1"}};
  EXPECT_EQ(why(test::make_generation({recipe}), {kName, "192.0.2.1"}), "");
  EXPECT_EQ(why(test::make_generation({recipe}), {kName, "192.0.2.2"}),
            "E_SAN_COVERAGE: ec.pem: does not cover 192.0.2.2");
}

TEST(CheckGeneration, WarningsDoNotKeepItFromBeingServed) {
  Generation generation = test::make_generation({{.key = TestKey::p521}});
  const auto checked = check(generation);
  ASSERT_TRUE(checked) << checked.error().message;
  ASSERT_EQ(checked->size(), 1U);
  EXPECT_EQ(checked->front().code, PairCode::key_weak);
}

TEST(CheckGeneration, RevokedKeysAreRefused) {
  Generation generation = test::make_generation({{}});
  const auto checked = check(generation, {kName}, {generation.info.ec->spki_sha256});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, StartsWith("E_KEY_COMPROMISED: "));
}

TEST(CheckGeneration, ClientCertificatesAreForClients) {
  Generation generation = test::make_generation({{.extended_usage = "clientAuth"}});
  EXPECT_TRUE(check(generation, {}, {}, PairUse::client));
  Generation server = test::make_generation({{}});
  const auto checked = check(server, {}, {}, PairUse::client);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, StartsWith("E_CERT_USAGE: "));
}

}  // namespace
}  // namespace ravelin::certs
