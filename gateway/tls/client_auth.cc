#include "gateway/tls/client_auth.h"

#include "base/check.h"

#include <openssl/x509v3.h>

#include <array>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using certs::CrlAuthority;
using certs::HeldCrlPtr;

constexpr int kChainDepthMax = 8;

Result<HeldCrlPtr> read_crl(certs::CrlPtr crl, const std::string& path,
                            const std::vector<CrlAuthority>& cas, const TlsPolicy& policy,
                            base::WallTime now) {
  const auto signer = certs::find_signer(crl.get(), cas);
  if (!signer || *signer == nullptr)
    return fail(Errc::invalid, "{}: a CRL is signed by none of the CAs in {}", path,
                policy.client_ca.path);
  HeldCrlPtr held = certs::hold_crl(std::move(crl), **signer, path);
  if (policy.crl_expired == ExpiredCrl::refuse && certs::is_over(held->facts, now))
    return fail(Errc::invalid,
                "{}: a CRL expired on {}, so every client would be refused: put the CA's newest "
                "CRL there",
                path, certs::format_time(*held->facts.next_update));
  return held;
}

// With revocation checked for the whole chain, a CA without a CRL would refuse all its clients.
Result<> check_coverage(const ClientTrust& trust, const TlsPolicy& policy) {
  if (!policy.client_crl_urls.empty()) return {};
  const auto without = trust.without_list();
  if (without.empty()) return {};
  return fail(Errc::invalid,
              "{}: has no CRL of \"{}\" ({}), so every client below it would be refused: add that "
              "CA's CRL",
              policy.client_crls.front().path, without.front()->subject, policy.client_ca.path);
}

Result<> add_crls(X509_STORE* store, ClientTrust& trust, const TlsPolicy& policy,
                  base::WallTime now) {
  for (const PemFile& file : policy.client_crls) {
    auto crls = certs::parse_crls(file.text, file.path);
    if (!crls) return crls.error();
    for (certs::CrlPtr& crl : *crls) {
      auto held = read_crl(std::move(crl), file.path, trust.cas, policy, now);
      if (!held) return held.error();
      trust.crls.push_back(std::move(*held));
    }
  }
  trust.crls = certs::newest_of(trust.crls, policy.fetched_crls);
  trust.checks_revocation = true;
  if (auto covered = check_coverage(trust, policy); !covered) return covered;
  for (const HeldCrlPtr& held : trust.crls)
    CHECK(X509_STORE_add_crl(store, held->crl.get()) == 1);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

// Where no list is there or it is over: as if nothing were revoked but what an old list says.
int accept_without_list(int is_good, X509_STORE_CTX* verified) {
  const int error = X509_STORE_CTX_get_error(verified);
  const bool wants_list =
      error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED;
  if (is_good == 1 || !wants_list) return is_good;
  X509_STORE_CTX_set_error(verified, X509_V_OK);
  return 1;
}

}  // namespace

Result<ClientTrust> install_client_auth(SSL_CTX* ctx, const TlsPolicy& policy, base::WallTime now) {
  ClientTrust trust;
  if (policy.client_auth == ClientAuthMode::none) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    return trust;
  }
  auto cas = certs::parse_authorities(policy.client_ca.text, policy.client_ca.path);
  if (!cas) return cas.error();
  trust.cas = std::move(*cas);
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const CrlAuthority& ca : trust.cas) {
    X509* certificate = ca.certificate.get();
    if (X509_check_ca(certificate) == 0)
      return fail(Errc::invalid,
                  "{}: \"{}\" is not a CA certificate (basicConstraints CA:TRUE is missing)",
                  policy.client_ca.path, ca.subject);
    CHECK(X509_STORE_add_cert(store, certificate) == 1);
    CHECK(SSL_CTX_add_client_CA(ctx, certificate) == 1);
  }
  if (!policy.client_crls.empty() || !policy.client_crl_urls.empty())
    if (auto added = add_crls(store, trust, policy, now); !added) return added.error();
  int mode = SSL_VERIFY_PEER;
  if (policy.client_auth == ClientAuthMode::require) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  const bool is_lenient = trust.checks_revocation && policy.crl_expired == ExpiredCrl::accept;
  SSL_CTX_set_verify(ctx, mode, is_lenient ? accept_without_list : nullptr);
  SSL_CTX_set_verify_depth(ctx, kChainDepthMax);
  return trust;
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
