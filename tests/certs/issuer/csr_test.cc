#include "certs/issuer/csr.h"

#include "certs/issuer/private_key.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace ravelin::certs {
namespace {

using Texts = std::vector<std::string>;
using RequestPtr = base::Handle<X509_REQ, X509_REQ_free>;

KeyPtr make_key(KeyKind kind = KeyKind::p256) {
  auto key = generate_key(kind);
  EXPECT_TRUE(key);
  return std::move(*key);
}

std::string to_der(X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

RequestPtr from_der(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return RequestPtr(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
}

// What others write: this subjectAltName, as x509v3_config(5) spells it.
std::string foreign_csr(EVP_PKEY* key, const char* names) {
  const RequestPtr request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  if (names != nullptr) {
    STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(list,
                           X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names));
    X509_REQ_add_extensions(request.get(), list);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  }
  X509_REQ_sign(request.get(), key, EVP_sha256());
  return to_der(request.get());
}

std::string why(const std::string& der) {
  const auto parsed = parse_csr(der);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Csr, SaysWhatItWasMadeOf) {
  const Texts names{"www.example.com", "*.example.com", "192.0.2.1", "2001:db8::1"};
  for (const KeyKind kind : {KeyKind::p256, KeyKind::p384, KeyKind::rsa2048}) {
    const KeyPtr key = make_key(kind);
    const auto der = make_csr(key.get(), names);
    ASSERT_TRUE(der) << der.error().message;
    const auto parsed = parse_csr(*der);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->names, names);
    EXPECT_EQ(EVP_PKEY_eq(parsed->key.get(), key.get()), 1);
  }
}

TEST(Csr, HasAnEmptySubjectAndACriticalName) {
  const KeyPtr key = make_key();
  const auto request = from_der(*make_csr(key.get(), Texts{"www.example.com"}));
  EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 0);
  STACK_OF(X509_EXTENSION)* list = X509_REQ_get_extensions(request.get());
  ASSERT_EQ(sk_X509_EXTENSION_num(list), 1);
  EXPECT_EQ(X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(list, 0)), 1);
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

TEST(Csr, IsNotMadeForWhatNoCertificateNames) {
  const KeyPtr key = make_key();
  EXPECT_FALSE(make_csr(key.get(), Texts{}));
  EXPECT_FALSE(make_csr(key.get(), Texts(kCsrNamesMax + 1, "a.test")));
  for (const char* name :
       {"", "a b", "A.test", "x,DNS:y", "a..b", ".a", "a.", "300.1.1.1", "10.0.0.0/8"})
    EXPECT_FALSE(make_csr(key.get(), Texts{name})) << name;
  EXPECT_FALSE(make_csr(key.get(), Texts{std::string(64, 'a') + ".test"}));
}

TEST(Csr, NamesOfOthersAreReadInLowerCase) {
  const KeyPtr key = make_key();
  const auto parsed = parse_csr(foreign_csr(key.get(), "DNS:WWW.Example.COM,IP:192.0.2.1"));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->names, (Texts{"www.example.com", "192.0.2.1"}));
}

TEST(Csr, IsRefusedForItsNames) {
  const KeyPtr key = make_key();
  EXPECT_EQ(why(foreign_csr(key.get(), nullptr)), "a request for signature without a name");
  EXPECT_EQ(why(foreign_csr(key.get(), "DNS:a.test,email:a@a.test")),
            "a request for signature with a name that is neither DNS name nor IP address");
  EXPECT_EQ(why(foreign_csr(key.get(), "URI:spiffe://a")),
            "a request for signature with a name that is neither DNS name nor IP address");
  EXPECT_EQ(why(foreign_csr(key.get(), "IP:::ffff:192.0.2.1")),
            "a request for signature with a name that is neither DNS name nor IP address");
  EXPECT_EQ(why(foreign_csr(key.get(), "DNS:a.test,DNS:A.test")),
            "a request for signature that names \"a.test\" twice");
  EXPECT_EQ(why(foreign_csr(key.get(), "DNS:192.0.2.1")),
            "name \"192.0.2.1\": ends in a number, as addresses do");
  EXPECT_EQ(why(foreign_csr(key.get(), "DNS:a_b c")),
            "name \"a_b c\": \" \" cannot stand in a host name");
}

TEST(Csr, IsRefusedForAWeakKey) {
  EXPECT_EQ(why(foreign_csr(KeyPtr(EVP_RSA_gen(1024)).get(), "DNS:a.test")),
            "a request for signature: an RSA key of 1024 bits (2048 to 8192)");
  EXPECT_EQ(why(foreign_csr(KeyPtr(EVP_EC_gen("P-521")).get(), "DNS:a.test")),
            "a request for signature: a key on the curve secp521r1 (P-256 or P-384)");
}

TEST(Csr, OfSomeoneElsesKeyIsRefused) {
  const KeyPtr key = make_key();
  const auto request = from_der(*make_csr(key.get(), Texts{"a.test"}));
  X509_REQ_set_pubkey(request.get(), make_key().get());
  unsigned char* info = nullptr;
  ASSERT_GT(i2d_re_X509_REQ_tbs(request.get(), &info), 0);
  OPENSSL_free(info);
  EXPECT_EQ(why(to_der(request.get())), "a request for signature whose own signature is wrong");
}

TEST(Csr, IsTakenFromPemToo) {
  const KeyPtr key = make_key();
  const std::string der = *make_csr(key.get(), Texts{"a.test"});
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(out.get(), from_der(der).get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  const std::string pem(data, static_cast<std::size_t>(size));
  EXPECT_EQ(*decode_csr(pem), der);
  EXPECT_EQ(*decode_csr("comment\n" + pem), der);
  EXPECT_EQ(*decode_csr(der), der);
  EXPECT_EQ(decode_csr(pem.substr(0, pem.size() / 2)).error().message,
            "not a request for signature (PKCS#10 in PEM)");
  EXPECT_FALSE(decode_csr("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(decode_csr(std::string(kCsrBytesMax + 1, 'x')));
}

TEST(Csr, DamagedBytesAreRefused) {
  const KeyPtr key = make_key();
  const std::string der = *make_csr(key.get(), Texts{"a.test"});
  EXPECT_EQ(why(""), "not a request for signature (PKCS#10 in DER)");
  EXPECT_EQ(why(der.substr(0, der.size() - 1)), "not a request for signature (PKCS#10 in DER)");
  EXPECT_EQ(why(der + "x"), "not a request for signature (PKCS#10 in DER)");
  EXPECT_EQ(why(std::string(kCsrBytesMax + 1, 'x')),
            "a request for signature of 65537 bytes (at most 65536)");
  for (std::size_t i = 0; i < der.size(); ++i) {
    std::string damaged = der;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x01);
    EXPECT_FALSE(parse_csr(damaged)) << i;
  }
}

}  // namespace
}  // namespace ravelin::certs
