#include "tests/certs/certificate_recipes.h"

#include "base/check.h"
#include "certs/build_certificate.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace ravelin::certs::test {
namespace {

KeyPtr make_key(TestKey kind) {
  switch (kind) {
    case TestKey::p256:
    case TestKey::other_p256:
      return KeyPtr(EVP_EC_gen("P-256"));
    case TestKey::p384:
      return KeyPtr(EVP_EC_gen("P-384"));
    case TestKey::p521:
      return KeyPtr(EVP_EC_gen("P-521"));
    case TestKey::rsa2048:
      return KeyPtr(EVP_RSA_gen(2048));
    case TestKey::rsa1024:
      return KeyPtr(EVP_RSA_gen(1024));
    case TestKey::ed25519:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  CHECK(false);
}

struct Authority {
  KeyPtr key;
  X509Ptr certificate;
};

// `above` null: a root.
Authority make_authority(const char* name, const Authority* above, base::WallTime not_after) {
  Authority made{KeyPtr(EVP_EC_gen("P-256")), nullptr};
  made.certificate = blank_certificate(made.key.get(), kNow - std::chrono::days(30), not_after);
  X509* self = made.certificate.get();
  X509* issuer = above == nullptr ? self : above->certificate.get();
  set_common_name(X509_get_subject_name(self), name);
  X509_set_issuer_name(self, X509_get_subject_name(issuer));
  add_extension(self, issuer, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(self, issuer, NID_subject_key_identifier, "hash");
  add_extension(self, issuer, NID_authority_key_identifier, "keyid");
  CHECK(sign_certificate(self, above == nullptr ? made.key.get() : above->key.get()).has_value());
  return made;
}

struct Authorities {
  Authority root = make_authority("Test Root", nullptr, kNow + std::chrono::days(3650));
  Authority good = make_authority("Test Intermediate", &root, kNow + std::chrono::days(1800));
  Authority expired = make_authority("Test Old Intermediate", &root, kNow - std::chrono::days(1));
  Authority stranger = make_authority("Test Stranger", nullptr, kNow + std::chrono::days(1800));
};

const Authorities& authorities() {
  static const Authorities all;
  return all;
}

PairFacts facts_of(const CertificateInfo& info) {
  using std::chrono::floor;
  using std::chrono::seconds;
  return {.key = (info.key_type == KeyType::rsa ? "rsa" : "p") + std::to_string(info.key_bits),
          .serial = info.serial,
          .issuer_name = info.issuer,
          .spki_sha256 = info.spki_sha256,
          .not_before = floor<seconds>(info.not_before),
          .not_after = floor<seconds>(info.not_after),
          .order = ""};
}

}  // namespace

EVP_PKEY* test_key(TestKey kind) {
  static std::array<KeyPtr, 7> keys;
  KeyPtr& key = keys.at(static_cast<std::size_t>(kind));
  if (key == nullptr) key = make_key(kind);
  return key.get();
}

std::string sign_chain(EVP_PKEY* key, const Recipe& recipe) {
  const Authority& signer =
      recipe.above == Above::expired_intermediate ? authorities().expired : authorities().good;
  X509* issuer = signer.certificate.get();
  const X509Ptr leaf = blank_certificate(key, recipe.not_before, recipe.not_after);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer));
  add_extension(leaf.get(), issuer, NID_basic_constraints, recipe.constraints);
  if (!recipe.usage.empty()) add_extension(leaf.get(), issuer, NID_key_usage, recipe.usage);
  if (!recipe.extended_usage.empty())
    add_extension(leaf.get(), issuer, NID_ext_key_usage, recipe.extended_usage);
  add_extension(leaf.get(), issuer, NID_subject_key_identifier, "hash");
  add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid");
  if (!recipe.names.empty()) {
    const auto names = general_names(recipe.names);
    CHECK(names.has_value());
    add_alternative_names(leaf.get(), names->get(), Critical::yes);
  }
  CHECK(X509_sign(leaf.get(), signer.key.get(), recipe.digest) > 0);
  std::string pem = to_pem(leaf.get());
  if (recipe.above == Above::stranger)
    return pem + to_pem(authorities().stranger.certificate.get());
  return recipe.above == Above::nothing ? pem : pem + to_pem(issuer);
}

PairTexts make_texts(const Recipe& recipe) {
  EVP_PKEY* key = test_key(recipe.key);
  return {sign_chain(key, recipe), key_to_pem(key)};
}

PairPtr make_pair(const Recipe& recipe) {
  const PairTexts texts = make_texts(recipe);
  auto chain = parse_chain(texts.chain, "chain");
  auto key = parse_key(texts.key, "key");
  CHECK(chain.has_value() && key.has_value());
  return std::make_shared<const CertificatePair>(
      CertificatePair{std::move(*chain), std::move(*key)});
}

Generation make_generation(const std::vector<Recipe>& recipes) {
  Generation generation;
  generation.info = {.issuer = "test", .reason = "issue", .by = "root", .node = "host"};
  for (const Recipe& recipe : recipes) {
    PairTexts texts = make_texts(recipe);
    const auto chain = parse_chain(texts.chain, "chain");
    CHECK(chain.has_value());
    const PairSlot slot = chain->info.key_type == KeyType::rsa ? PairSlot::rsa : PairSlot::ec;
    generation.info.facts(slot) = facts_of(chain->info);
    generation.texts(slot) = std::move(texts);
    for (const std::string& name : recipe.names)
      if (std::ranges::find(generation.info.names, name) == generation.info.names.end())
        generation.info.names.push_back(name);
  }
  return generation;
}

}  // namespace ravelin::certs::test
