#include "certs/import/sealed_key.h"

#include "tests/certs/certificate_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

namespace ravelin::certs {
namespace {

using test::TestKey;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kPassphrase = "correct horse battery staple";

// Sealed with that function and number of rounds.
std::string seal(int nid, int rounds) {
  const base::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> plain(
      EVP_PKEY2PKCS8(test::test_key(TestKey::p256)));
  const EVP_CIPHER* cipher = nid == NID_pbes2 ? EVP_aes_256_cbc() : nullptr;
  const base::Handle<X509_SIG, X509_SIG_free> sealed(
      PKCS8_encrypt(nid == NID_pbes2 ? -1 : nid, cipher, kPassphrase.data(),
                    static_cast<int>(kPassphrase.size()), nullptr, 0, rounds, plain.get()));
  unsigned char* der = nullptr;
  const int size = i2d_X509_SIG(sealed.get(), &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

std::string why(const std::string& der, const std::string& passphrase = kPassphrase) {
  const auto key = open_sealed_key(der, passphrase, "a.key");
  return key ? "" : key.error().message;
}

TEST(SealedKey, OpensWithItsPassphrase) {
  for (const int nid : {NID_pbes2, NID_pbe_WithSHA1And3_Key_TripleDES_CBC}) {
    const std::string der = seal(nid, 2048);
    EXPECT_TRUE(is_sealed_key(der));
    const auto key = open_sealed_key(der, kPassphrase, "a.key");
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(EVP_PKEY_eq(key->get(), test::test_key(TestKey::p256)), 1);
    EXPECT_EQ(why(der, "another"), "E_KEY_ENCRYPTED: a.key: the passphrase given is not the key's");
  }
}

TEST(SealedKey, BytesThatAreNoneAreRefused) {
  const std::string der = seal(NID_pbes2, 1);
  for (const std::string& bytes :
       {std::string(), std::string("hello"), der + "x", der.substr(0, 40)}) {
    EXPECT_FALSE(is_sealed_key(bytes));
    EXPECT_THAT(why(bytes), StartsWith("E_KEY_PARSE: a.key: "));
  }
}

TEST(SealedKey, HoursOfWorkAreRefused) {
  std::string der = seal(NID_pbes2, 2'000'001);
  EXPECT_THAT(why(der), HasSubstr("asks for 2000001 rounds (at most 2000000)"));
  der = seal(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2'000'001);
  EXPECT_THAT(why(der), HasSubstr("asks for 2000001 rounds"));
}

}  // namespace
}  // namespace ravelin::certs
