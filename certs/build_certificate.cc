#include "certs/build_certificate.h"

#include "base/check.h"
#include "certs/names.h"

#include <openssl/rand.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr long kX509Version3 = 2;

base::Handle<GENERAL_NAME, GENERAL_NAME_free> general_name(int type, const unsigned char* bytes,
                                                           std::size_t size) {
  base::Handle<GENERAL_NAME, GENERAL_NAME_free> name(GENERAL_NAME_new());
  base::Handle<ASN1_STRING, ASN1_STRING_free> text(
      ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  CHECK(ASN1_STRING_set(text.get(), bytes, static_cast<int>(size)) == 1);
  GENERAL_NAME_set0_value(name.get(), type, text.release());
  return name;
}

void set_random_serial(X509* certificate) {
  unsigned char bytes[16];
  CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7FU) | 0x40U);  // positive, 16 bytes
  const base::Handle<BIGNUM, BN_free> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

}  // namespace

Result<GeneralNamesPtr> general_names(std::span<const std::string> names) {
  GeneralNamesPtr list(GENERAL_NAMES_new());
  for (const auto& text : names) {
    const auto address = base::parse_ip(text);
    if (!address) {
      if (auto checked = check_host_name(text); !checked) return checked.error();
    }
    auto name = address ? general_name(GEN_IPADD, address->bytes.data(),
                                       address->family == base::Family::ipv4 ? 4 : 16)
                        : general_name(GEN_DNS, reinterpret_cast<const unsigned char*>(text.data()),
                                       text.size());
    CHECK(sk_GENERAL_NAME_push(list.get(), name.release()) > 0);
  }
  return list;
}

base::Handle<ASN1_TIME, ASN1_STRING_free> to_asn1(base::WallTime time) {
  base::Handle<ASN1_TIME, ASN1_STRING_free> text(ASN1_TIME_set(
      nullptr,
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))));
  CHECK(text != nullptr);
  return text;
}

X509Ptr blank_certificate(EVP_PKEY* key, base::WallTime not_before, base::WallTime not_after) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), kX509Version3);
  set_random_serial(certificate.get());
  X509_set1_notBefore(certificate.get(), to_asn1(not_before).get());
  X509_set1_notAfter(certificate.get(), to_asn1(not_after).get());
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

void set_common_name(X509_NAME* name, std::string_view text) {
  CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()), -1, 0) == 1);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_alternative_names(X509* certificate, const GENERAL_NAMES* names, Critical critical) {
  CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, const_cast<GENERAL_NAMES*>(names),
                          critical == Critical::yes ? 1 : 0, X509V3_ADD_DEFAULT) == 1);
}

Result<> sign_certificate(X509* certificate, EVP_PKEY* key) {
  const bool is_strong = key_type(key) == KeyType::ec && EVP_PKEY_get_bits(key) >= 384;
  if (X509_sign(certificate, key, is_strong ? EVP_sha384() : EVP_sha256()) == 0)
    return fail(Errc::tls, "signing a certificate: {}", take_openssl_error());
  return {};
}

}  // namespace ravelin::certs
