#include "certs/sealed_key.h"

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

// As PEM: `cipher` = the way of before PKCS#8; null = not encrypted; else PKCS#8.
std::string pem_of(bool is_traditional, const EVP_CIPHER* cipher) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  std::string pass = kPassphrase;
  auto* bytes = reinterpret_cast<unsigned char*>(pass.data());
  const auto size = static_cast<int>(pass.size());
  EVP_PKEY* key = test::test_key(TestKey::p256);
  const int done = is_traditional
                       ? PEM_write_bio_PrivateKey_traditional(out.get(), key, cipher, bytes, size,
                                                              nullptr, nullptr)
                       : PEM_write_bio_PKCS8PrivateKey(out.get(), key, cipher, pass.data(), size,
                                                       nullptr, nullptr);
  EXPECT_EQ(done, 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

TEST(OpenKey, OpensBothForms) {
  for (const bool is_traditional : {false, true}) {
    for (const EVP_CIPHER* cipher : {EVP_aes_256_cbc(), static_cast<const EVP_CIPHER*>(nullptr)}) {
      const auto opened = open_key(pem_of(is_traditional, cipher), kPassphrase, "a.key");
      ASSERT_TRUE(opened) << opened.error().message;
      EXPECT_EQ(EVP_PKEY_eq(opened->key.get(), test::test_key(TestKey::p256)), 1);
      EXPECT_EQ(opened->was_encrypted, cipher != nullptr);
    }
  }
}

TEST(OpenKey, AnotherPassphraseIsRefused) {
  for (const bool is_traditional : {false, true}) {
    const std::string pem = pem_of(is_traditional, EVP_aes_256_cbc());
    for (const char* passphrase : {"another", "", "x"}) {
      const auto opened = open_key(pem, passphrase, "a.key");
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().message,
                "E_KEY_ENCRYPTED: a.key: the passphrase given is not the key's");
    }
  }
}

TEST(OpenKey, WhatHoldsNoKeyIsRefused) {
  const std::string broken = "-----BEGIN EC PRIVATE KEY-----\nMAAA\n-----END EC PRIVATE KEY-----\n";
  for (const std::string& pem : {std::string("hello"), broken})
    EXPECT_THAT(open_key(pem, kPassphrase, "a.key").error().message, StartsWith("E_KEY_PARSE: "));
}

}  // namespace
}  // namespace ravelin::certs
