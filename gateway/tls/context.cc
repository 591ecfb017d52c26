#include "gateway/tls/context.h"

#include "base/check.h"
#include "certs/file.h"
#include "gateway/tls/certificate_index.h"
#include "gateway/tls/client_auth.h"
#include "gateway/tls/server_callbacks.h"
#include "gateway/tls/ticket_ring.h"

#include <algorithm>
#include <limits>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;

// Mozilla server side TLS guideline 6.0, without the hybrid group OpenSSL 3.0 does not have.
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr int kSecurityLevel = 2;
constexpr long kCachedSessionsMax = 8 * 1024;  // mTLS only: each holds the client's chain, ~5 KiB

Result<> set_profile(SSL_CTX* ctx, TlsProfile profile) {
  const int floor = profile == TlsProfile::modern ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_security_level(ctx, kSecurityLevel);
  if (SSL_CTX_set_min_proto_version(ctx, floor) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(ctx, kSuites13) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kSuites12) != 1 || SSL_CTX_set1_groups_list(ctx, kGroups) != 1)
    return fail(Errc::tls, "setting the TLS profile: {}", certs::take_openssl_error());
  return {};
}

void set_modes(SSL_CTX* ctx, KeyTiming timing) {
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Our order, but a client that puts ChaCha first has no AES in hardware and is right for itself.
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (timing == KeyTiming::may_be_late) SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_max_early_data(ctx, 0);
  SSL_CTX_set_num_tickets(ctx, 1);
}

// Without client certificates: tickets only, no cache and no lock. With them: a ticket would carry
// the client's chain, which OpenSSL 3.0 parses again at each resumption (3 times the cost), so
// sessions stay here.
void set_resumption(SSL_CTX* ctx, const TlsPolicy& policy) {
  SSL_CTX_set_timeout(ctx, static_cast<long>(policy.session_lifetime.count()));
  if (policy.client_auth == ClientAuthMode::none) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    install_ticket_callback(ctx);
    return;
  }
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(ctx, kCachedSessionsMax);
}

Result<std::array<unsigned char, 32>> hash_policy(const TlsPolicy& policy) {
  std::string text = fmt::format("ravelin tls policy 1\n{}\n{}\n", static_cast<int>(policy.profile),
                                 static_cast<int>(policy.client_auth));
  if (policy.client_auth != ClientAuthMode::none)
    text += fmt::format("{}\n{}", policy.client_ca.text.size(), policy.client_ca.text);
  for (const PemFile& crl : policy.client_crls)
    text += fmt::format("{}\n{}", crl.text.size(), crl.text);
  for (const std::string& url : policy.client_crl_urls)
    text += fmt::format("{}\n{}", url.size(), url);
  text += fmt::format("{}\n", static_cast<int>(policy.crl_expired));
  std::array<unsigned char, 32> hash{};
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
    return fail(Errc::tls, "hashing the TLS policy: {}", certs::take_openssl_error());
  return hash;
}

Result<std::vector<unsigned char>> alpn_wire(const std::vector<std::string>& protocols) {
  std::vector<unsigned char> wire;
  for (const auto& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255)
      return fail(Errc::invalid, "alpn: \"{}\" is not a protocol name (1 to 255 bytes)", protocol);
    wire.push_back(static_cast<unsigned char>(protocol.size()));
    wire.insert(wire.end(), protocol.begin(), protocol.end());
  }
  return wire;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsPolicy& policy,
                                                             base::WallTime now) {
  const std::shared_ptr<TlsContext> context(new TlsContext);
  if (auto done = context->configure(policy, now); !done) return done.error();
  return std::shared_ptr<const TlsContext>(context);
}

Result<> TlsContext::configure(const TlsPolicy& policy, base::WallTime now) {
  ctx_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* ctx = ctx_.get();
  if (ctx == nullptr)
    return fail(Errc::tls, "making a TLS context: {}", certs::take_openssl_error());
  policy_ = policy;
  auto alpn = alpn_wire(policy.alpn);
  if (!alpn) return alpn.error();
  alpn_ = std::move(*alpn);
  const auto hash = hash_policy(policy);
  if (!hash) return hash.error();
  policy_hash_ = *hash;
  if (auto set = set_profile(ctx, policy.profile); !set) return set.error();
  set_modes(ctx, policy.key_timing);
  set_resumption(ctx, policy);
  CHECK(SSL_CTX_set_session_id_context(ctx, hash->data(), static_cast<unsigned>(hash->size())) ==
        1);
  auto trust = install_client_auth(ctx, policy, now);
  if (!trust) return trust.error();
  trust_ = std::move(*trust);
  install_server_callbacks(ctx, *this);
  return {};
}

std::shared_ptr<const TlsContext> TlsContext::with_usual_certificate(
    const std::shared_ptr<const TlsContext>& base, const CertificateIndex& index) {
  const certs::PairSet usual = index.usual();
  if (usual.is_empty() || usual == base->resident_ ||
      base->policy_.client_auth != ClientAuthMode::none)
    return base;
  const std::shared_ptr<TlsContext> context(new TlsContext);
  // Neither depends on the time nor can it fail where it did not before; if so, `base` serves.
  if (!context->configure(base->policy_, {})) return base;
  for (const auto& pair : {usual.ec, usual.rsa})
    if (pair != nullptr &&
        SSL_CTX_use_cert_and_key(context->ssl_ctx(), pair->chain.leaf.get(), pair->key.get(),
                                 pair->chain.intermediates.get(), 1) != 1) {
      ERR_clear_error();
      return base;
    }
  context->resident_ = usual;
  return context;
}

std::shared_ptr<const TlsContext> TlsContext::with_crls(
    const std::shared_ptr<const TlsContext>& base, std::vector<certs::HeldCrlPtr> fetched) {
  TlsPolicy policy = base->policy_;
  policy.fetched_crls = std::move(fetched);
  // Lists in files may be over by now, which is no reason to refuse them: they were good when they
  // were read, and handshakes see to it.
  auto made = create(policy, {});
  return made ? *made : base;
}

void TlsContext::forget_sessions() const {
  SSL_CTX_flush_sessions(ctx_.get(), std::numeric_limits<long>::max());
}

std::vector<const certs::CrlAuthority*> ClientTrust::without_list() const {
  std::vector<const certs::CrlAuthority*> without;
  if (!checks_revocation) return without;
  for (const certs::CrlAuthority& ca : cas)
    if (std::ranges::find(crls, ca.id, &certs::HeldCrl::authority) == crls.end())
      without.push_back(&ca);
  return without;
}

Result<TlsPolicy> read_policy(const ListenerTlsConfig& config) {
  TlsPolicy policy;
  policy.profile = config.profile;
  policy.client_auth = config.client_auth.mode;
  policy.session_lifetime =
      ticket_lifetime({.rotate_every = config.tickets.rotate, .keep = config.tickets.keep});
  if (policy.client_auth == ClientAuthMode::none) return policy;
  auto ca = certs::read_pem_file(config.client_auth.ca);
  if (!ca) return ca.error();
  policy.client_ca = {config.client_auth.ca, std::move(*ca)};
  policy.crl_expired = config.client_auth.crl_expired;
  for (const std::string& place : config.client_auth.crls) {
    if (is_crl_url(place)) {
      policy.client_crl_urls.push_back(place);
      continue;
    }
    auto crl = certs::read_pem_file(place);
    if (!crl) return crl.error();
    policy.client_crls.push_back({place, std::move(*crl)});
  }
  return policy;
}

}  // namespace ravelin::gateway
