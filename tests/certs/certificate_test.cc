#include "certs/certificate.h"

#include "certs/file.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::TempDir;
using testing::HasSubstr;

TEST(Certificate, DescribesWhatItSays) {
  LeafRequest request;
  request.names = {"www.example.com", "*.example.com", "192.0.2.7", "2001:db8::1"};
  request.common_name = "shop";
  const auto pair = test::issue(request);
  const CertificateInfo& info = pair->chain.info;
  EXPECT_EQ(info.dns_names, (std::vector<std::string>{"www.example.com", "*.example.com"}));
  ASSERT_EQ(info.ip_names.size(), 2U);
  EXPECT_EQ(base::to_string(info.ip_names[0]), "192.0.2.7");
  EXPECT_EQ(base::to_string(info.ip_names[1]), "2001:db8::1");
  EXPECT_EQ(info.key_type, KeyType::ec);
  EXPECT_EQ(info.key_bits, 256);
  EXPECT_EQ(info.subject, "CN=shop");
  EXPECT_EQ(info.issuer, "CN=test ca");
  EXPECT_EQ(info.serial.size(), 32U);
  EXPECT_EQ(info.spki_sha256.size(), 64U);
  EXPECT_FALSE(info.is_ca);
  EXPECT_NEAR(static_cast<double>((info.not_after - base::wall_now()).count()),
              static_cast<double>(base::WallTime::duration(std::chrono::hours(24 * 90)).count()),
              1e11);
}

TEST(Certificate, SurvivesPem) {
  const auto pair = test::issue({"a.test"});
  const auto chain = parse_chain(to_pem(pair->chain), "a.crt");
  ASSERT_TRUE(chain.has_value());
  EXPECT_EQ(chain->info.spki_sha256, pair->chain.info.spki_sha256);
  const auto key = parse_key(key_to_pem(pair->key.get()), "a.key");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(EVP_PKEY_eq(key->get(), pair->key.get()), 1);
}

TEST(Certificate, ReadsTraditionalKeysAndTextAroundBlocks) {
  const auto pair = test::issue({"a.test"}, LeafKey::rsa2048);
  const BioPtr out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PrivateKey_traditional(out.get(), pair->key.get(), nullptr, nullptr, 0,
                                                 nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  const std::string pem(data, static_cast<std::size_t>(size));
  EXPECT_THAT(pem, HasSubstr("RSA PRIVATE KEY"));
  EXPECT_TRUE(parse_key("Bag Attributes\r\n" + pem, "a.key").has_value());
}

struct BadText {
  const char* title;
  std::string text;
  const char* error;
};

void PrintTo(const BadText& row, std::ostream* out) {
  *out << row.title;
}

class BadChain : public testing::TestWithParam<BadText> {};

TEST_P(BadChain, IsRefusedWithTheReason) {
  const auto chain = parse_chain(GetParam().text, "x.pem");
  ASSERT_FALSE(chain.has_value());
  EXPECT_THAT(chain.error().message, HasSubstr(GetParam().error));
}

std::string pem_of(const PairPtr& pair) {
  return to_pem(pair->chain);
}

std::vector<BadText> bad_chains() {
  const auto pair = test::issue({"a.test"});
  const std::string good = pem_of(pair);
  std::string eleven;
  for (int i = 0; i < 11; ++i)
    eleven += good;
  std::string flipped = good;
  flipped[flipped.size() / 2] = '*';
  return {
      {"Empty", " \n\t", "x.pem: is empty"},
      {"NoBlock", "hello", "has no certificate"},
      {"Cut", good.substr(0, good.size() / 2), "line 1: broken PEM block"},
      {"BadBase64", flipped, "line 1: broken PEM block"},
      {"OtherBytes", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       "line 1: not a certificate"},
      {"KeyInside", good + key_to_pem(pair->key.get()), "a private key is in the certificate file"},
      {"TooMany", eleven, "has 11 certificates (at most 10)"},
      {"TooLarge", std::string(kPemBytesMax + 1, 'x'), "at most 1 MiB"},
      {"Utf16", std::string("-\0-\0", 4), "is not text"},
  };
}

INSTANTIATE_TEST_SUITE_P(Texts, BadChain, testing::ValuesIn(bad_chains()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(Key, EncryptedIsRefusedWithTheWayOut) {
  const auto pair = test::issue({"a.test"});
  const BioPtr out(BIO_new(BIO_s_mem()));
  const unsigned char password[] = "secret";
  ASSERT_EQ(
      PEM_write_bio_PKCS8PrivateKey(out.get(), pair->key.get(), EVP_aes_128_cbc(),
                                    reinterpret_cast<const char*>(password), 6, nullptr, nullptr),
      1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  const auto key = parse_key({data, static_cast<std::size_t>(size)}, "a.key");
  ASSERT_FALSE(key.has_value());
  EXPECT_THAT(key.error().message, HasSubstr("a.key: line 1: the key is encrypted"));
}

TEST(Key, ErrorsNeverShowKeyBytes) {
  const auto pair = test::issue({"a.test"});
  std::string pem = key_to_pem(pair->key.get());
  const std::string body = pem.substr(40, 30);
  pem[60] = pem[60] == 'A' ? 'B' : 'A';
  pem.erase(90, 8);
  const auto key = parse_key(pem, "a.key");
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().message.find(body.substr(0, 12)), std::string::npos);
}

TEST(PemFile, IsBoundedAndRegular) {
  const TempDir dir;
  dir.write("big", std::string(kPemBytesMax + 1, 'x'));
  dir.write("fits", std::string(kPemBytesMax, 'x'));
  EXPECT_EQ(read_pem_file(dir.path("big")).error().message,
            dir.path("big") + ": is larger than 1 MiB");
  EXPECT_EQ(read_pem_file(dir.path("fits"))->size(), kPemBytesMax);
  EXPECT_THAT(read_pem_file(dir.path()).error().message, HasSubstr("not a regular file"));
  EXPECT_THAT(read_pem_file(dir.path("none")).error().message, HasSubstr("no such file"));
}

}  // namespace
}  // namespace ravelin::certs
