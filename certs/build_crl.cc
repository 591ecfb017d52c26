#include "certs/build_crl.h"

#include "base/check.h"
#include "certs/build_certificate.h"

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr long kCrlVersion2 = 1;

using IntegerPtr = base::Handle<ASN1_INTEGER, ASN1_INTEGER_free>;

void add_identity(X509_CRL* crl, X509* issuer, std::uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const base::Handle<X509_EXTENSION, X509_EXTENSION_free> key(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
  CHECK(key != nullptr && X509_CRL_add_ext(crl, key.get(), -1) == 1);
  const IntegerPtr value(ASN1_INTEGER_new());
  CHECK(ASN1_INTEGER_set_uint64(value.get(), number) == 1);
  CHECK(X509_CRL_add1_ext_i2d(crl, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) == 1);
}

Result<> add_entry(X509_CRL* crl, const CrlEntry& entry) {
  BIGNUM* raw = nullptr;
  const int digits = BN_hex2bn(&raw, entry.serial.c_str());
  const base::Handle<BIGNUM, BN_free> number(raw);
  if (digits == 0 || static_cast<std::size_t>(digits) != entry.serial.size())
    return fail(Errc::invalid, "\"{}\" is not a serial number", entry.serial);
  base::Handle<X509_REVOKED, X509_REVOKED_free> revoked(X509_REVOKED_new());
  const IntegerPtr serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  CHECK(X509_REVOKED_set_serialNumber(revoked.get(), serial.get()) == 1);
  X509_REVOKED_set_revocationDate(revoked.get(), to_asn1(entry.revoked_at).get());
  if (entry.reason != 0) {
    const base::Handle<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(ASN1_ENUMERATED_new());
    CHECK(ASN1_ENUMERATED_set(reason.get(), entry.reason) == 1);
    CHECK(X509_REVOKED_add1_ext_i2d(revoked.get(), NID_crl_reason, reason.get(), 0,
                                    X509V3_ADD_DEFAULT) == 1);
  }
  CHECK(X509_CRL_add0_revoked(crl, revoked.release()) == 1);
  return {};
}

}  // namespace

Result<CrlPtr> build_crl(X509* issuer, EVP_PKEY* key, std::span<const CrlEntry> entries,
                         const CrlRequest& request) {
  CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), kCrlVersion2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer));
  X509_CRL_set1_lastUpdate(crl.get(), to_asn1(request.this_update).get());
  X509_CRL_set1_nextUpdate(crl.get(), to_asn1(request.next_update).get());
  for (const CrlEntry& entry : entries) {
    if (auto added = add_entry(crl.get(), entry); !added) return added.error();
  }
  if (request.number) add_identity(crl.get(), issuer, *request.number);
  X509_CRL_sort(crl.get());
  if (X509_CRL_sign(crl.get(), key, EVP_sha256()) == 0)
    return fail(Errc::tls, "signing a CRL: {}", take_openssl_error());
  return crl;
}

std::optional<std::uint64_t> crl_number(const X509_CRL* crl) {
  const IntegerPtr number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  std::uint64_t value = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&value, number.get()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return value;
}

}  // namespace ravelin::certs
