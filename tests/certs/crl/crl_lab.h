// Lists for tests: of a CA of the test's own, each as it is wanted.
#pragma once

#include "base/check.h"
#include "certs/build_certificate.h"
#include "certs/build_crl.h"
#include "certs/crl/held_crl.h"
#include "tests/support/test_certs.h"

#include <openssl/x509v3.h>

#include <string>

namespace ravelin::certs::test {

using std::chrono::hours;

// A CA with its key at hand.
struct ListCa {
  X509Ptr certificate;
  KeyPtr key;

  // With this keyUsage; "" = none is written.
  explicit ListCa(const std::string& name, const std::string& usage = "keyCertSign,cRLSign");

  [[nodiscard]] CrlPtr list(std::uint64_t number, std::vector<std::string> serials = {},
                            std::chrono::seconds from = -hours(1),
                            std::chrono::seconds until = hours(1)) const {
    std::vector<CrlEntry> entries;
    for (std::string& serial : serials)
      entries.push_back({std::move(serial), base::wall_now()});
    auto made = build_crl(certificate.get(), key.get(), entries,
                          {base::wall_now() + from, base::wall_now() + until, number});
    CHECK(made.has_value());
    return std::move(*made);
  }
};

inline ListCa::ListCa(const std::string& name, const std::string& usage)
    : certificate(X509_new()), key(EVP_EC_gen("P-256")) {
  X509* ca = certificate.get();
  X509_set_version(ca, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(ca), 1);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(ca), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  X509_gmtime_adj(X509_getm_notBefore(ca), -3600);
  X509_gmtime_adj(X509_getm_notAfter(ca), 3600);
  X509_set_pubkey(ca, key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, ca, ca, nullptr, nullptr, 0);
  const std::pair<int, std::string> extensions[] = {{NID_basic_constraints, "critical,CA:TRUE"},
                                                    {NID_key_usage, usage},
                                                    {NID_subject_key_identifier, "hash"}};
  for (const auto& [nid, value] : extensions) {
    if (value.empty()) continue;
    const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    CHECK(extension != nullptr && X509_add_ext(ca, extension.get(), -1) == 1);
  }
  CHECK(X509_sign(ca, key.get(), EVP_sha256()) > 0);
}

inline std::string der_of(const X509_CRL* crl) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_CRL(crl, &bytes);
  CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

inline CrlPtr sign_again(CrlPtr crl, const ListCa& ca) {
  CHECK(X509_CRL_sign(crl.get(), ca.key.get(), EVP_sha256()) > 0);
  auto again = parse_crl_answer(der_of(crl.get()), "signed again");
  CHECK(again.has_value());
  return std::move(again->front());
}

// With one extension more.
inline CrlPtr with_extension(CrlPtr crl, const ListCa& ca, int nid, const std::string& value) {
  const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  CHECK(extension != nullptr && X509_CRL_add_ext(crl.get(), extension.get(), -1) == 1);
  return sign_again(std::move(crl), ca);
}

inline CrlPtr as_delta(CrlPtr crl, const ListCa& ca) {
  const base::Handle<ASN1_INTEGER, ASN1_INTEGER_free> base_number(ASN1_INTEGER_new());
  CHECK(X509_CRL_add1_ext_i2d(crl.get(), NID_delta_crl, base_number.get(), 1, X509V3_ADD_DEFAULT) ==
        1);
  return sign_again(std::move(crl), ca);
}

inline HeldCrlPtr hold(CrlPtr crl, const ListCa& ca) {
  return hold_crl(std::move(crl), authority_of(ca.certificate.get()), "test");
}

}  // namespace ravelin::certs::test
