#include "certs/import/read_import.h"

#include "certs/import/pkcs12.h"
#include "tests/certs/certificate_recipes.h"
#include "tests/certs/import/chain_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

namespace ravelin::certs {
namespace {

using test::chain_lab;
using test::TestKey;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kImportPassphrase = "correct horse battery staple";

std::string chain_pem() {
  const auto& lab = chain_lab();
  return test::pem_of({&lab.leaf, &lab.issuing, &lab.upper});
}

std::string key_pem() {
  return key_to_pem(chain_lab().leaf.key.get());
}

enum class Form { pem, traditional, der, der_encrypted };

std::string encrypted_key(Form form) {
  EVP_PKEY* key = chain_lab().leaf.key.get();
  const BioPtr out(BIO_new(BIO_s_mem()));
  const auto* text = reinterpret_cast<const unsigned char*>(kImportPassphrase.data());
  const int size = static_cast<int>(kImportPassphrase.size());
  if (form == Form::pem)
    PEM_write_bio_PKCS8PrivateKey(out.get(), key, EVP_aes_256_cbc(), kImportPassphrase.data(), size,
                                  nullptr, nullptr);
  else if (form == Form::traditional)
    PEM_write_bio_PrivateKey_traditional(out.get(), key, EVP_aes_128_cbc(), text, size, nullptr,
                                         nullptr);
  else if (form == Form::der)
    i2d_PrivateKey_bio(out.get(), key);
  else
    i2d_PKCS8PrivateKey_bio(out.get(), key, EVP_aes_256_cbc(), kImportPassphrase.data(), size,
                            nullptr, nullptr);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

std::string pkcs12() {
  const auto file = make_pkcs12(chain_pem(), key_pem(), kImportPassphrase, "www");
  return file ? *file : "";
}

Result<ImportedPair> import(const std::vector<std::string>& files,
                            const std::string* passphrase = nullptr) {
  std::vector<ImportFile> given;
  for (std::size_t i = 0; i < files.size(); ++i)
    given.emplace_back(std::string(1, static_cast<char>('a' + i)), files[i]);
  return read_import(given, passphrase);
}

struct GoodCase {
  const char* title;
  std::vector<std::string> files;
  bool has_passphrase = false;
};

TEST(ReadImport, EveryFormComesOutAsAStoreKeepsIt) {
  const auto& lab = chain_lab();
  const std::vector<std::string> der{test::der_of(lab.leaf.certificate.get()),
                                     test::der_of(lab.issuing.certificate.get()),
                                     test::der_of(lab.upper.certificate.get())};
  const GoodCase rows[] = {
      {"PemAndKey", {chain_pem(), key_pem()}},
      {"OneFileKeyFirst", {key_pem() + chain_pem()}},
      {"TheSameKeyTwice", {key_pem() + chain_pem(), key_pem()}},
      {"WindowsLineEnds", {"\r\nBag Attributes\r\n" + chain_pem() + "\r\n", key_pem()}},
      {"DerFiles", {der[0], der[1], der[2], encrypted_key(Form::der)}},
      {"DerAndPem", {der[2], test::pem_of({&lab.issuing, &lab.leaf}) + key_pem()}},
      {"Pkcs12", {pkcs12()}, true},
      {"EncryptedPem", {chain_pem(), encrypted_key(Form::pem)}, true},
      {"EncryptedTraditional", {chain_pem(), encrypted_key(Form::traditional)}, true},
      {"EncryptedDer", {chain_pem(), encrypted_key(Form::der_encrypted)}, true},
  };
  for (const GoodCase& row : rows) {
    const auto pair = import(row.files, row.has_passphrase ? &kImportPassphrase : nullptr);
    ASSERT_TRUE(pair) << row.title << ": " << pair.error().message;
    EXPECT_EQ(pair->texts.chain, chain_pem()) << row.title;
    EXPECT_EQ(pair->texts.key, key_pem()) << row.title;
    EXPECT_EQ(pair->slot, PairSlot::ec) << row.title;
  }
}

TEST(ReadImport, AnRsaKeyHasItsOwnPlace) {
  const PairTexts texts = test::make_texts({.key = TestKey::rsa2048});
  const auto pair = import({texts.chain, texts.key});
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->slot, PairSlot::rsa);
}

struct BadCase {
  const char* title;
  std::vector<std::string> files;
  const char* code;
  const char* text;
  const char* passphrase = nullptr;
};

TEST(ReadImport, BadInputsAreRefusedByTheirCodeAndName) {
  const auto& lab = chain_lab();
  const std::string leaf_der = test::der_of(lab.leaf.certificate.get());
  const std::string other_key = key_to_pem(test::test_key(TestKey::other_p256));
  const BadCase rows[] = {
      {"Empty", {""}, "E_PEM_EMPTY: a: ", "is empty"},
      {"Spaces", {" \r\n\t"}, "E_PEM_EMPTY: a: ", "is empty"},
      {"Prose", {"hello"}, "E_CERT_PARSE: a: ", "neither PEM, DER nor PKCS#12"},
      {"Utf16", {"\xff\xfe-\0-\0"}, "E_CERT_PARSE: a: ", "UTF-16"},
      {"CutOff", {chain_pem().substr(0, 300), key_pem()}, "E_CERT_PARSE: a: ", "line 1"},
      {"TooLarge", {std::string(kPemBytesMax + 1, 'x')}, "E_CERT_PARSE: a: ", "1 MiB"},
      {"BytesBehindDer", {leaf_der + "x"}, "E_CERT_PARSE: a: ", "more behind it"},
      {"DerCutOff", {leaf_der.substr(0, 200)}, "E_CERT_PARSE: a: ", "no certificate, key"},
      {"Request",
       {"-----BEGIN CERTIFICATE REQUEST-----\nMIH0\n-----END CERTIFICATE REQUEST-----\n"},
       "E_CERT_PARSE: a: ",
       "is a request"},
      {"Pkcs7",
       {"-----BEGIN PKCS7-----\nMIH0\n-----END PKCS7-----\n"},
       "E_CERT_PARSE: a: ",
       "openssl pkcs7"},
      {"NoKey", {chain_pem()}, "E_KEY_PARSE: ", "--key FILE"},
      {"KeyAlone", {key_pem()}, "E_CERT_PARSE: ", "no certificate"},
      {"BrokenKey",
       {chain_pem(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
       "E_KEY_PARSE: b: ",
       "not a private key"},
      {"TwoKeys", {chain_pem(), key_pem() + other_key}, "E_KEY_MISMATCH: ", "another in b"},
      {"AnothersKey", {chain_pem(), other_key}, "E_KEY_MISMATCH: ", "none of the 3"},
      {"Encrypted", {chain_pem(), encrypted_key(Form::pem)}, "E_KEY_ENCRYPTED: b: ", "--pass-file"},
      {"EncryptedTraditional",
       {chain_pem(), encrypted_key(Form::traditional)},
       "E_KEY_ENCRYPTED: b: ",
       "--pass-file"},
      {"EncryptedDer",
       {chain_pem(), encrypted_key(Form::der_encrypted)},
       "E_KEY_ENCRYPTED: b: ",
       "--pass-file"},
      {"WrongPassphrase",
       {chain_pem(), encrypted_key(Form::pem)},
       "E_KEY_ENCRYPTED: b: ",
       "not the key's",
       "wrong"},
      {"WrongPassphraseDer",
       {chain_pem(), encrypted_key(Form::der_encrypted)},
       "E_KEY_ENCRYPTED: b: ",
       "not the key's",
       "wrong"},
      {"Pkcs12Closed", {pkcs12()}, "E_KEY_ENCRYPTED: a: ", "--pass-file"},
      {"Pkcs12WrongPassphrase", {pkcs12()}, "E_KEY_ENCRYPTED: a: ", "not the file's", "wrong"},
      {"LeafAlone",
       {test::pem_of({&lab.leaf}), key_pem()},
       "E_CHAIN_MISSING: ",
       "\"CN=Lab Issuing\""},
  };
  for (const BadCase& row : rows) {
    const std::string passphrase = row.passphrase == nullptr ? "" : row.passphrase;
    const auto pair = import(row.files, row.passphrase == nullptr ? nullptr : &passphrase);
    ASSERT_FALSE(pair) << row.title;
    EXPECT_EQ(pair.error().code, base::Errc::invalid) << row.title;
    EXPECT_THAT(pair.error().message, StartsWith(row.code)) << row.title;
    EXPECT_THAT(pair.error().message, HasSubstr(row.text)) << row.title;
    EXPECT_EQ(pair.error().message.find("MIG"), std::string::npos) << row.title;
  }
}

TEST(ReadImport, CertificatesBeyondNumberAreRefused) {
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += test::pem_of({&chain_lab().leaf});
  EXPECT_THAT(import({many, key_pem()}).error().message, HasSubstr("more than 100 certificates"));
}

}  // namespace
}  // namespace ravelin::certs
