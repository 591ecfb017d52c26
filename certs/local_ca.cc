#include "certs/local_ca.h"

#include "base/check.h"
#include "base/text.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr long kX509Version3 = 2;
constexpr long kCrlVersion2 = 1;

Result<KeyPtr> generate(LeafKey kind) {
  KeyPtr key(kind == LeafKey::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048));
  if (key == nullptr) return fail(Errc::tls, "generating a key: {}", take_openssl_error());
  return key;
}

// Names go into OpenSSL's extension text, so only what can stand in a host name may pass.
Result<> check_name(const std::string& name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  std::string_view rest = name;
  if (rest.starts_with("*.")) rest.remove_prefix(2);
  bool plain = !rest.empty() && rest.size() <= 253 && rest.front() != '.';
  for (const char c : rest)
    plain = plain && is_plain(c);
  if (!plain) return fail(Errc::invalid, "\"{}\" is not a lower-case host name", name);
  return {};
}

bool is_below(std::string_view name, std::string_view parent) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return name == parent || (name.size() > parent.size() && name.ends_with(parent) &&
                            name[name.size() - parent.size() - 1] == '.');
}

bool is_permitted(const LocalCaOptions& options, const std::string& name) {
  if (options.permitted_names.empty() && options.permitted_ips.empty()) return true;
  for (const auto& permitted : options.permitted_names)
    if (is_below(name, permitted)) return true;
  const auto address = base::parse_ip(name);
  if (!address) return false;
  for (const auto& permitted : options.permitted_ips)
    if (base::parse_ip(permitted) == address) return true;
  return false;
}

// "DNS:www.example.com,IP:127.0.0.1"
Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ',';
    if (const auto address = base::parse_ip(name); address) {
      text += "IP:" + base::to_string(*address);
      continue;
    }
    if (auto checked = check_name(name); !checked) return checked.error();
    text += "DNS:" + name;
  }
  return text;
}

Result<std::string> constraints(const LocalCaOptions& options) {
  std::string text = "critical";
  for (const auto& name : options.permitted_names) {
    if (auto checked = check_name(name); !checked) return checked.error();
    text += ",permitted;DNS:" + name;
  }
  for (const auto& permitted : options.permitted_ips) {
    const auto address = base::parse_ip(permitted);
    if (!address) return address.error();
    text += ",permitted;IP:" + base::to_string(*address);
    text += address->family == base::Family::ipv4 ? "/255.255.255.255"
                                                  : "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  }
  return text;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_common_name(X509_NAME* name, const std::string& text) {
  CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()), -1, 0) == 1);
}

void set_random_serial(X509* certificate) {
  unsigned char bytes[16];
  CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7FU) | 0x40U);  // positive, 16 bytes
  const base::Handle<BIGNUM, BN_free> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

X509Ptr blank(EVP_PKEY* key, std::chrono::seconds starts, std::chrono::seconds ends) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), kX509Version3);
  set_random_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), starts.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends.count());
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

Result<LocalCa> LocalCa::create(const LocalCaOptions& options) {
  LocalCa ca;
  ca.options_ = options;
  auto key = generate(LeafKey::p256);
  if (!key) return key.error();
  ca.key_ = std::move(*key);
  ca.certificate_ = blank(ca.key_.get(), std::chrono::minutes(-5), options.validity);
  X509* root = ca.certificate_.get();
  set_common_name(X509_get_subject_name(root), options.common_name);
  X509_set_issuer_name(root, X509_get_subject_name(root));
  add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(root, root, NID_subject_key_identifier, "hash");
  if (!options.permitted_names.empty() || !options.permitted_ips.empty()) {
    const auto text = constraints(options);
    if (!text) return text.error();
    add_extension(root, root, NID_name_constraints, *text);
  }
  if (X509_sign(root, ca.key_.get(), EVP_sha256()) == 0)
    return fail(Errc::tls, "signing the local CA: {}", take_openssl_error());
  X509_check_purpose(root, -1, 0);
  return ca;
}

Result<PairPtr> LocalCa::issue(const LeafRequest& request) const {
  for (const auto& name : request.names)
    if (!is_permitted(options_, name))
      return fail(Errc::invalid, "\"{}\" is outside the names of the CA \"{}\"", name,
                  options_.common_name);
  const auto names = alternative_names(request.names);
  if (!names) return names.error();
  auto key = generate(request.key);
  if (!key) return key.error();
  X509Ptr leaf = blank(key->get(), request.starts_after, request.ends_after);
  X509* root = certificate_.get();
  if (!request.common_name.empty())
    set_common_name(X509_get_subject_name(leaf.get()), request.common_name);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(root));
  add_extension(leaf.get(), root, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), root, NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), root, NID_ext_key_usage,
                request.use == LeafUse::server ? "serverAuth" : "clientAuth");
  add_extension(leaf.get(), root, NID_authority_key_identifier, "keyid");
  if (!names->empty())
    add_extension(leaf.get(), root, NID_subject_alt_name,
                  request.common_name.empty() ? "critical," + *names : *names);
  if (X509_sign(leaf.get(), key_.get(), EVP_sha256()) == 0)
    return fail(Errc::tls, "signing a certificate: {}", take_openssl_error());
  auto chain = parse_chain(to_pem(leaf.get()), "issued certificate");
  if (!chain) return chain.error();
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)}));
}

Result<CrlPtr> LocalCa::make_crl(std::span<const PairPtr> revoked,
                                 std::chrono::seconds validity) const {
  CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), kCrlVersion2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
  const base::Handle<ASN1_TIME, ASN1_STRING_free> now(X509_gmtime_adj(nullptr, -600));
  const base::Handle<ASN1_TIME, ASN1_STRING_free> next(
      X509_gmtime_adj(nullptr, static_cast<long>(validity.count())));
  X509_CRL_set1_lastUpdate(crl.get(), now.get());
  X509_CRL_set1_nextUpdate(crl.get(), next.get());
  for (const auto& pair : revoked) {
    base::Handle<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
    X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(pair->chain.leaf.get()));
    X509_REVOKED_set_revocationDate(entry.get(), now.get());
    CHECK(X509_CRL_add0_revoked(crl.get(), entry.release()) == 1);
  }
  X509_CRL_sort(crl.get());
  if (X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()) == 0)
    return fail(Errc::tls, "signing a CRL: {}", take_openssl_error());
  return crl;
}

}  // namespace ravelin::certs
