#include "certs/import/pkcs12.h"

#include "tests/certs/import/chain_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

namespace ravelin::certs {
namespace {

using test::chain_lab;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kPassphrase = "correct horse battery staple";

std::string make(const std::string& passphrase = kPassphrase) {
  const auto& lab = chain_lab();
  auto file = make_pkcs12(test::pem_of({&lab.leaf, &lab.issuing, &lab.upper}),
                          key_to_pem(lab.leaf.key.get()), passphrase, "www.example.test");
  return file ? *file : "";
}

TEST(Pkcs12, WhatIsWrittenIsReadAgain) {
  const auto& lab = chain_lab();
  const std::string file = make();
  EXPECT_TRUE(is_pkcs12(file));
  const auto contents = read_pkcs12(file, &kPassphrase, "x.p12");
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(EVP_PKEY_eq(contents->key.get(), lab.leaf.key.get()), 1);
  ASSERT_EQ(contents->certificates.size(), 3U);
  EXPECT_EQ(X509_cmp(contents->certificates[0].get(), lab.leaf.certificate.get()), 0);
}

TEST(Pkcs12, IsEncryptedAsOneDoesToday) {
  const std::string file = make();
  // Object identifiers in DER: PBES2, AES-256-CBC, HMAC with SHA-256 as PBKDF2's function.
  for (const std::string_view oid : {std::string_view("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"),
                                     std::string_view("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"),
                                     std::string_view("\x2a\x86\x48\x86\xf7\x0d\x02\x09")})
    EXPECT_NE(file.find(oid), std::string::npos);
  EXPECT_EQ(file.find("PRIVATE KEY"), std::string::npos);
}

TEST(Pkcs12, ThePassphraseHasToBeTheFiles) {
  const std::string other = "another";
  EXPECT_THAT(read_pkcs12(make(), &other, "x.p12").error().message,
              StartsWith("E_KEY_ENCRYPTED: x.p12: the passphrase given is not the file's"));
  const auto asked = read_pkcs12(make(), nullptr, "x.p12");
  EXPECT_THAT(asked.error().message, StartsWith("E_KEY_ENCRYPTED: x.p12: has a passphrase"));
  EXPECT_THAT(asked.error().message, HasSubstr("--pass-file"));
  EXPECT_TRUE(read_pkcs12(make(""), nullptr, "x.p12"));
}

TEST(Pkcs12, BytesThatAreNoneAreRefused) {
  const std::string whole = make();
  for (const std::string& bytes :
       {std::string(), std::string("hello"), whole.substr(0, whole.size() / 2), whole + "more",
        test::der_of(chain_lab().leaf.certificate.get())}) {
    EXPECT_FALSE(is_pkcs12(bytes));
    EXPECT_THAT(read_pkcs12(bytes, &kPassphrase, "x.p12").error().message,
                StartsWith("E_CERT_PARSE: x.p12: "));
  }
}

TEST(Pkcs12, AFileThatAsksForHoursOfWorkIsRefused) {
  const auto& lab = chain_lab();
  const base::Handle<PKCS12, PKCS12_free> file(
      PKCS12_create("x", "x", lab.leaf.key.get(), lab.leaf.certificate.get(), nullptr,
                    NID_aes_256_cbc, NID_aes_256_cbc, 1, 1, 0));
  ASSERT_NE(file, nullptr);
  // The number of rounds is a plain number in the file, which its MAC does not cover.
  const ASN1_INTEGER* rounds = nullptr;
  ASSERT_EQ(PKCS12_set_mac(file.get(), "x", 1, nullptr, 0, 2, EVP_sha256()), 1);
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, file.get());
  ASSERT_EQ(ASN1_INTEGER_set(const_cast<ASN1_INTEGER*>(rounds), 2'000'000'000), 1);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(file.get(), &der);
  ASSERT_GT(size, 0);
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  const std::string passphrase = "x";
  EXPECT_THAT(read_pkcs12(bytes, &passphrase, "x.p12").error().message,
              HasSubstr("asks for 2000000000 rounds"));
}

}  // namespace
}  // namespace ravelin::certs
