#include "certs/issuer/private_key.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

namespace ravelin::certs {
namespace {

TEST(PrivateKey, KindsAreMadeAsNamed) {
  const std::pair<std::string_view, int> kinds[] = {
      {"p256", 256}, {"p384", 384}, {"rsa2048", 2048}, {"rsa3072", 3072}, {"rsa4096", 4096}};
  for (const auto& [text, bits] : kinds) {
    const auto kind = parse_key_kind(text);
    ASSERT_TRUE(kind) << text;
    EXPECT_EQ(text_of(*kind), text);
    const auto key = generate_key(*kind);
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(EVP_PKEY_get_bits(key->get()), bits) << text;
    EXPECT_TRUE(check_key_strength(key->get())) << text;
  }
}

TEST(PrivateKey, OtherKindsAreRefusedByName) {
  EXPECT_EQ(parse_key_kind("p521").error().message,
            "\"p521\" is no kind of key (p256, p384, rsa2048, rsa3072, rsa4096)");
  EXPECT_FALSE(parse_key_kind(""));
}

KeyPtr rsa_with_exponent(unsigned long exponent) {
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY_keygen_init(context.get());
  const base::Handle<BIGNUM, BN_free> number(BN_new());
  BN_set_word(number.get(), exponent);
  EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048);
  EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number.get());
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_generate(context.get(), &key), 1);
  return KeyPtr(key);
}

TEST(PrivateKey, WeakKeysAreRefused) {
  const auto why = [](const KeyPtr& key) {
    const auto checked = check_key_strength(key.get());
    return checked ? std::string("accepted") : checked.error().message;
  };
  EXPECT_EQ(why(KeyPtr(EVP_RSA_gen(1024))), "an RSA key of 1024 bits (2048 to 8192)");
  EXPECT_EQ(why(rsa_with_exponent(3)), "an RSA key with an exponent below 65537");
  EXPECT_EQ(why(KeyPtr(EVP_EC_gen("P-224"))), "a key on the curve secp224r1 (P-256 or P-384)");
  EXPECT_EQ(why(KeyPtr(EVP_EC_gen("P-521"))), "a key on the curve secp521r1 (P-256 or P-384)");
  EXPECT_EQ(why(KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))),
            "a key of the kind ED25519 (P-256, P-384 or RSA)");
}

}  // namespace
}  // namespace ravelin::certs
