#include "gateway/tls/client_auth.h"

#include "base/check.h"

#include <openssl/x509v3.h>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using certs::CrlPtr;
using certs::X509Ptr;

constexpr int kChainDepthMax = 8;

bool signed_by(const CrlPtr& crl, const X509Ptr& ca) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(ca.get())) != 0)
    return false;
  const bool valid = X509_CRL_verify(crl.get(), X509_get0_pubkey(ca.get())) == 1;
  ERR_clear_error();
  return valid;
}

Result<> check_crl(const CrlPtr& crl, const std::vector<X509Ptr>& cas, const TlsPolicy& policy,
                   base::WallTime now) {
  bool has_issuer = false;
  for (const auto& ca : cas)
    has_issuer = has_issuer || signed_by(crl, ca);
  if (!has_issuer)
    return fail(Errc::invalid, "{}: a CRL is signed by none of the CAs in {}",
                policy.client_crl.path, policy.client_ca.path);
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
  if (next != nullptr && certs::to_wall_time(next) <= now)
    return fail(Errc::invalid,
                "{}: a CRL expired on {}, so every client would be refused: put the CA's newest "
                "CRL there",
                policy.client_crl.path, certs::format_time(certs::to_wall_time(next)));
  return {};
}

// With revocation checked for the whole chain, a CA without a CRL would refuse all its clients.
Result<> check_coverage(const std::vector<X509Ptr>& cas, const std::vector<CrlPtr>& crls,
                        const TlsPolicy& policy) {
  for (const auto& ca : cas) {
    bool covered = false;
    for (const auto& crl : crls)
      covered = covered || signed_by(crl, ca);
    if (!covered)
      return fail(Errc::invalid,
                  "{}: has no CRL of \"{}\" ({}), so every client below it would be refused: add "
                  "that CA's CRL",
                  policy.client_crl.path, certs::describe(ca.get()).subject, policy.client_ca.path);
  }
  return {};
}

Result<> add_crls(X509_STORE* store, const std::vector<X509Ptr>& cas, const TlsPolicy& policy,
                  base::WallTime now) {
  auto crls = certs::parse_crls(policy.client_crl.text, policy.client_crl.path);
  if (!crls) return crls.error();
  for (const auto& crl : *crls) {
    if (auto checked = check_crl(crl, cas, policy, now); !checked) return checked.error();
    CHECK(X509_STORE_add_crl(store, crl.get()) == 1);
  }
  if (auto covered = check_coverage(cas, *crls, policy); !covered) return covered.error();
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

}  // namespace

Result<> install_client_auth(SSL_CTX* ctx, const TlsPolicy& policy, base::WallTime now) {
  if (policy.client_auth == ClientAuthMode::none) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  auto cas = certs::parse_bundle(policy.client_ca.text, policy.client_ca.path);
  if (!cas) return cas.error();
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const auto& ca : *cas) {
    if (X509_check_ca(ca.get()) == 0)
      return fail(Errc::invalid,
                  "{}: \"{}\" is not a CA certificate (basicConstraints CA:TRUE is missing)",
                  policy.client_ca.path, certs::describe(ca.get()).subject);
    CHECK(X509_STORE_add_cert(store, ca.get()) == 1);
    CHECK(SSL_CTX_add_client_CA(ctx, ca.get()) == 1);
  }
  if (!policy.client_crl.path.empty())
    if (auto added = add_crls(store, *cas, policy, now); !added) return added.error();
  int mode = SSL_VERIFY_PEER;
  if (policy.client_auth == ClientAuthMode::require) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(ctx, mode, nullptr);
  SSL_CTX_set_verify_depth(ctx, kChainDepthMax);
  return {};
}

std::string verified_fingerprint(const SSL* ssl) {
  if (!has_verified_certificate(ssl)) return {};
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &bytes) != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), bytes};
}

bool has_verified_certificate(const SSL* ssl) {
  return SSL_get0_peer_certificate(ssl) != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
}

std::string verified_subject(const SSL* ssl) {
  if (!has_verified_certificate(ssl)) return {};
  return certs::describe(SSL_get0_peer_certificate(ssl)).subject;
}

std::string verified_common_name(const SSL* ssl) {
  if (!has_verified_certificate(ssl)) return {};
  const X509_NAME* subject = X509_get_subject_name(SSL_get0_peer_certificate(ssl));
  int at = -1;
  for (int next = at; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;)
    at = next;
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(text, text + size);
  OPENSSL_free(text);
  return name;
}

}  // namespace ravelin::gateway
