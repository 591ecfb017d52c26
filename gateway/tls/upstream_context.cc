#include "gateway/tls/upstream_context.h"

#include "base/check.h"
#include "base/text.h"
#include "certs/file.h"
#include "gateway/tls/late_key.h"
#include "gateway/tls/pair_watch.h"

#include <openssl/x509v3.h>

namespace ravelin::gateway {

// Lets OpenSSL's callbacks reach the session slot of a connection.
struct UpstreamCallbacks {
  using Slot = UpstreamSessions::Slot;
  using SlotPtr = std::shared_ptr<Slot>;

  static void free_slot(void*, void* slot, CRYPTO_EX_DATA*, int, long, void*) {
    const std::unique_ptr<SlotPtr> owned(static_cast<SlotPtr*>(slot));
  }

  static int index() {
    static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_slot);
    return slot;
  }

  static bool attach(SSL* ssl, const SlotPtr& slot) {
    auto owned = std::make_unique<SlotPtr>(slot);
    if (SSL_set_ex_data(ssl, index(), owned.get()) != 1) return false;
    static_cast<void>(owned.release());  // the SSL frees it
    return true;
  }

  static int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto* slot = static_cast<SlotPtr*>(SSL_get_ex_data(ssl, index()));
    if (slot == nullptr || SSL_SESSION_is_resumable(session) != 1) return 0;
    (*slot)->session.reset(session);
    return 1;  // the reference is ours
  }
};

namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr int kServerChainDepthMax = 8;
constexpr int kServerSecurityLevel = 2;

Result<> install_trust(SSL_CTX* ctx, const PemFile& ca) {
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(ctx, kServerChainDepthMax);
  if (ca.path.empty()) {
    if (SSL_CTX_set_default_verify_paths(ctx) != 1)
      return fail(Errc::tls, "reading the system's CA certificates: {}",
                  certs::take_openssl_error());
    return {};
  }
  auto bundle = certs::parse_bundle(ca.text, ca.path);
  if (!bundle) return bundle.error();
  for (const auto& certificate : *bundle)
    CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate.get()) == 1);
  // A file may hold just the intermediate or the server's own self-signed certificate.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(ctx), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<> install_alpn(SSL_CTX* ctx, const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    CHECK(!protocol.empty() && protocol.size() < 256);
    wire += static_cast<char>(protocol.size()) + protocol;
  }
  if (!wire.empty() &&
      SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const unsigned char*>(wire.data()),
                              static_cast<unsigned>(wire.size())) != 0)
    return fail(Errc::tls, "setting ALPN: {}", certs::take_openssl_error());
  return {};
}

// OpenSSL's macro for this casts the name in the old style.
bool set_sni(SSL* ssl, std::string name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

bool set_identity(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  if (base::parse_ip(name)) return X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1 && set_sni(ssl, name);
}

}  // namespace

bool UpstreamTlsPolicy::operator==(const UpstreamTlsPolicy& other) const {
  const bool has_same_pair =
      pair == nullptr || other.pair == nullptr ? pair == other.pair : is_same(*pair, *other.pair);
  return has_same_pair && ca == other.ca && name == other.name && alpn == other.alpn;
}

Result<std::shared_ptr<const UpstreamContext>> UpstreamContext::create(
    const UpstreamTlsPolicy& policy) {
  if (policy.name.empty())
    return fail(Errc::invalid, "tls to a server needs the name its certificate carries: set name");
  const std::shared_ptr<UpstreamContext> context(new UpstreamContext);
  context->policy_ = policy;
  context->name_ = base::to_lower(policy.name);
  context->ctx_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ctx = context->ctx_.get();
  if (ctx == nullptr)
    return fail(Errc::tls, "making a TLS context: {}", certs::take_openssl_error());
  SSL_CTX_set_security_level(ctx, kServerSecurityLevel);
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (policy.pair != nullptr && is_late_key(policy.pair->key.get()))
    SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, UpstreamCallbacks::on_new_session);
  if (auto trust = install_trust(ctx, policy.ca); !trust) return trust.error();
  if (auto alpn = install_alpn(ctx, policy.alpn); !alpn) return alpn.error();
  if (policy.pair != nullptr &&
      SSL_CTX_use_cert_and_key(ctx, policy.pair->chain.leaf.get(), policy.pair->key.get(),
                               policy.pair->chain.intermediates.get(), 1) != 1)
    return fail(Errc::tls, "using the client certificate: {}", certs::take_openssl_error());
  return std::shared_ptr<const UpstreamContext>(context);
}

Result<UpstreamTlsPolicy> read_upstream_policy(const UpstreamTlsConfig& config,
                                               std::string_view server) {
  UpstreamTlsPolicy policy;
  policy.name = config.name.empty() ? std::string(server) : config.name;
  if (config.ca.empty()) return policy;
  auto text = certs::read_pem_file(config.ca);
  if (!text) return text.error();
  policy.ca = {config.ca, std::move(*text)};
  return policy;
}

UpstreamSessions::UpstreamSessions(std::shared_ptr<const UpstreamContext> context)
    : context_(std::move(context)), slot_(std::make_shared<Slot>()) {}

SslPtr UpstreamSessions::new_ssl() {
  SslPtr ssl(SSL_new(context_->ssl_ctx()));
  if (ssl == nullptr || !set_identity(ssl.get(), context_->name()) ||
      !UpstreamCallbacks::attach(ssl.get(), slot_))
    return nullptr;
  if (slot_->session != nullptr) SSL_set_session(ssl.get(), slot_->session.get());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string explain_upstream_failure(const SSL* ssl, int error_number) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  std::string text;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    text =
        "certificate: " + base::to_lower(X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
  else if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
    text = "alert received: " +
           base::to_lower(SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
  else if (is_key_refusal(code))
    text = "the client certificate's key did not sign";
  else if (code != 0)
    text = certs::take_openssl_error();
  else if (error_number != 0)
    text = base::fail_errno(error_number, "connection lost during the handshake").message;
  else
    text = "the server closed during the handshake";
  ERR_clear_error();
  return text;
}

}  // namespace ravelin::gateway
