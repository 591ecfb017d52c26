// Descriptions and PEM writing; reading PEM is in parse_pem.cc.
#include "certs/certificate.h"

#include "base/check.h"
#include "base/text.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace ravelin::certs {
namespace {

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string serial_text(const X509* certificate) {
  const base::Handle<BIGNUM, BN_free> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (number == nullptr) return {};
  char* hex = BN_bn2hex(number.get());
  std::string text = hex == nullptr ? "" : hex;
  OPENSSL_free(hex);
  return text;
}

std::string spki_fingerprint(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_size = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), digest, &digest_size, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return to_hex(digest, digest_size);
}

void add_name(const GENERAL_NAME* name, CertificateInfo& info) {
  if (name->type == GEN_DNS) {
    const auto* data = ASN1_STRING_get0_data(name->d.dNSName);
    const std::string_view text(reinterpret_cast<const char*>(data),
                                static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    info.dns_names.push_back(base::to_lower(text));
  } else if (name->type == GEN_IPADD) {
    const int length = ASN1_STRING_length(name->d.iPAddress);
    if (length != 4 && length != 16) return;
    base::IpAddress address;
    address.family = length == 4 ? base::Family::ipv4 : base::Family::ipv6;
    std::copy_n(ASN1_STRING_get0_data(name->d.iPAddress), length, address.bytes.begin());
    info.ip_names.push_back(address);
  }
}

void add_names(const X509* certificate, CertificateInfo& info) {
  const base::Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
    add_name(sk_GENERAL_NAME_value(names.get(), i), info);
}

std::string written(BIO* out) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

KeyType key_type(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return KeyType::ec;
    case EVP_PKEY_RSA:
      return KeyType::rsa;
    default:
      return KeyType::other;
  }
}

CertificateInfo describe(const X509* certificate) {
  CertificateInfo info;
  add_names(certificate, info);
  info.not_before = to_wall_time(X509_get0_notBefore(certificate));
  info.not_after = to_wall_time(X509_get0_notAfter(certificate));
  if (const EVP_PKEY* key = X509_get0_pubkey(certificate); key != nullptr) {
    info.key_type = key_type(key);
    info.key_bits = EVP_PKEY_get_bits(key);
  }
  info.subject = name_text(X509_get_subject_name(certificate));
  info.issuer = name_text(X509_get_issuer_name(certificate));
  info.serial = serial_text(certificate);
  info.spki_sha256 = spki_fingerprint(certificate);
  const base::Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> basic(
      static_cast<BASIC_CONSTRAINTS*>(
          X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  info.is_ca = basic != nullptr && basic->ca != 0;
  info.is_self_signed =
      X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
  return info;
}

base::WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string format_time(base::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text, size};
}

std::string to_pem(const X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(out.get(), certificate) == 1);
  return written(out.get());
}

std::string to_pem(const X509_CRL* crl) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509_CRL(out.get(), crl) == 1);
  return written(out.get());
}

std::string to_pem(const Chain& chain) {
  std::string text = to_pem(chain.leaf.get());
  for (int i = 0; i < sk_X509_num(chain.intermediates.get()); ++i)
    text += to_pem(sk_X509_value(chain.intermediates.get(), i));
  return text;
}

std::string key_to_pem(const EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  CHECK(PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return written(out.get());
}

}  // namespace ravelin::certs
