#include "certs/signing/signature_scheme.h"

#include "certs/signing/key_fingerprint.h"
#include "certs/token/tls_form.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include <array>

namespace ravelin::certs {
namespace {

using ravelin::test::issue;
using Structure = std::vector<unsigned char>;

const PairPtr& pair_of(KeyType type) {
  static const PairPtr ec = issue({"a.test"});
  static const PairPtr rsa = issue({"a.test"}, LeafKey::rsa2048);
  return type == KeyType::rsa ? rsa : ec;
}

bool verifies(EVP_PKEY* key, std::uint16_t number, const Structure& structure,
              const Structure& signature) {
  const auto scheme = signature_scheme(number);
  const base::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* of_key = nullptr;
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), &of_key, scheme->digest(), nullptr, key), 1);
  if (scheme->is_pss) {
    EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST);
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), structure.data(),
                          structure.size()) == 1;
}

// What a token does: it pads nothing, and hashes nothing.
Structure as_a_token(EVP_PKEY* key, const TokenInput& form) {
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key, nullptr));
  EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
  if (form.kind != SignKind::ecdsa)
    EVP_PKEY_CTX_set_rsa_padding(
        context.get(), form.kind == SignKind::rsa_pkcs1 ? RSA_PKCS1_PADDING : RSA_NO_PADDING);
  Structure signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  EXPECT_EQ(
      EVP_PKEY_sign(context.get(), signature.data(), &size, form.input.data(), form.input.size()),
      1);
  signature.resize(size);
  return signature;
}

class Schemes : public testing::TestWithParam<std::uint16_t> {};

TEST_P(Schemes, ASignatureVerifiesWhetherAKeyOrATokenMadeIt) {
  const Structure structure(130, 0x20);
  EVP_PKEY* key = pair_of(signature_scheme(GetParam())->key_type)->key.get();
  const auto signature = sign_with_scheme(key, GetParam(), structure);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(verifies(key, GetParam(), structure, *signature));
  const auto form = token_form(GetParam(), structure, key);
  ASSERT_TRUE(form) << form.error().message;
  EXPECT_TRUE(verifies(key, GetParam(), structure, as_a_token(key, *form)));
}

INSTANTIATE_TEST_SUITE_P(OfTls, Schemes,
                         testing::Values(0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601, 0x0804,
                                         0x0805, 0x0806));

TEST(Schemes, OthersAreRefused) {
  const Structure structure(130, 0x20);
  EVP_PKEY* ec = pair_of(KeyType::ec)->key.get();
  constexpr std::array<std::uint16_t, 7> kOthers{0x0000, 0x0201, 0x0203, 0x0303,
                                                 0x0807, 0x0809, 0xffff};
  for (const std::uint16_t number : kOthers) {
    EXPECT_FALSE(signature_scheme(number)) << number;
    EXPECT_FALSE(sign_with_scheme(ec, number, structure)) << number;
  }
  EXPECT_EQ(sign_with_scheme(ec, 0x0804, structure).error().message,
            "the key cannot sign with the scheme 0x0804");
  EXPECT_FALSE(token_form(0x0403, structure, pair_of(KeyType::rsa)->key.get()));
}

TEST(KeyFingerprint, IsTheCertificates) {
  for (const KeyType type : {KeyType::ec, KeyType::rsa}) {
    const PairPtr& pair = pair_of(type);
    EXPECT_EQ(key_fingerprint(pair->key.get()), pair->chain.info.spki_sha256);
    unsigned char* der = nullptr;
    const int size = i2d_X509(pair->chain.leaf.get(), &der);
    ASSERT_GT(size, 0);
    EXPECT_EQ(key_fingerprint(std::span<const unsigned char>(der, static_cast<std::size_t>(size))),
              pair->chain.info.spki_sha256);
    OPENSSL_free(der);
  }
  EXPECT_EQ(key_fingerprint(std::span<const unsigned char>()), "");
}

}  // namespace
}  // namespace ravelin::certs
