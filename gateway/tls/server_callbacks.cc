#include "gateway/tls/server_callbacks.h"

#include "base/check.h"
#include "gateway/limit/client_prefix.h"
#include "gateway/tls/certificate_index.h"
#include "gateway/tls/client_hello.h"
#include "gateway/tls/context.h"
#include "gateway/tls/handshake_info.h"
#include "gateway/tls/staple_list.h"

#include <openssl/tls1.h>

#include <array>

namespace ravelin::gateway {
namespace {

std::span<const std::uint8_t> extension(SSL* ssl, unsigned int type) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, type, &data, &size) != 1) return {};
  return {data, size};
}

int refuse(HandshakeInfo& info, Reason reason, int description, int* alert) {
  info.refused = reason;
  *alert = description;
  return SSL_CLIENT_HELLO_ERROR;
}

// tls-alpn-01 (RFC 8737): whoever offers this protocol and no other gets the challenge's
// certificate, is asked for none, and comes for nothing else.
bool is_challenge(SSL* ssl, HandshakeInfo& info) {
  if (info.tls->challenges == nullptr) return false;
  const auto protocols = extension(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation);
  if (!is_only_protocol(protocols, certs::kChallengeProtocol)) return false;
  info.pairs = {.ec = info.tls->challenges->for_name(info.sni)};
  if (info.pairs.is_empty()) return false;
  info.is_challenge = true;
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  SSL_set_num_tickets(ssl, 0);
  return true;
}

// Some clients are shown another generation than the rest. Who has no address is none of them.
void try_canary(HandshakeInfo& info) {
  const auto canary = info.pairs.canary;
  const base::IpAddress none{.family = info.client.family};
  if (info.client != none && canary->is_for(client_prefix(info.client).address))
    info.pairs = canary->pairs;
}

// What a name gets, or an address in its usual form.
void choose_pairs(HandshakeInfo& info, std::string_view name) {
  info.pairs = info.tls->certificates->find(name);
  if (info.pairs.canary != nullptr) try_canary(info);
}

// First look at a ClientHello: remembers what OpenSSL forgets on failure, and refuses unknown
// names. Who goes to an address sends no name (RFC 6066 section 3): the address stands for it.
int on_client_hello(SSL* ssl, int* alert, void*) {
  HandshakeInfo* info = handshake_info(ssl);
  CHECK(info != nullptr);
  info->version_max = parse_highest_version(extension(ssl, TLSEXT_TYPE_supported_versions));
  if (info->version_max == 0)
    info->version_max = static_cast<std::uint16_t>(SSL_client_hello_get0_legacy_version(ssl));
  info->pairs = {};
  if (const auto body = extension(ssl, TLSEXT_TYPE_server_name); body.data() != nullptr) {
    auto name = parse_server_name(body);
    if (!name) return refuse(*info, Reason::handshake_failed, SSL_AD_DECODE_ERROR, alert);
    info->sni = std::move(*name);
    if (is_challenge(ssl, *info)) return SSL_CLIENT_HELLO_SUCCESS;
    choose_pairs(*info, info->sni);
  } else if (info->local) {
    std::array<char, 46> text{};
    choose_pairs(*info, {text.data(), base::format_to(*info->local, text)});
  }
  if (info->pairs.is_empty()) info->pairs = info->tls->certificates->fallback();
  if (info->pairs.is_empty())
    return refuse(*info, Reason::handshake_unknown_name, SSL_AD_UNRECOGNIZED_NAME, alert);
  return SSL_CLIENT_HELLO_SUCCESS;
}

bool use(SSL* ssl, const certs::PairPtr& pair) {
  return pair == nullptr || SSL_use_cert_and_key(ssl, pair->chain.leaf.get(), pair->key.get(),
                                                 pair->chain.intermediates.get(), 1) == 1;
}

// Not called for a resumed session. OpenSSL picks the key type the client can use.
int on_certificate(SSL* ssl, void*) {
  HandshakeInfo* info = handshake_info(ssl);
  CHECK(info != nullptr && !info->pairs.is_empty());
  const certs::PairSet& resident = info->tls->context->resident();
  if (info->pairs == resident) return 1;
  if (!resident.is_empty()) SSL_certs_clear(ssl);
  if (use(ssl, info->pairs.ec) && use(ssl, info->pairs.rsa)) return 1;
  info->refused = Reason::handshake_key_unavailable;
  return 0;
}

// RFC 7301 section 3.2: no common protocol is fatal, so that no other protocol's client is served.
int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
            const unsigned char* offered, unsigned int offered_size, void* context) {
  if (const HandshakeInfo* info = handshake_info(ssl); info != nullptr && info->is_challenge) {
    *out = offered + 1;  // the only one there is
    *out_size = offered[0];
    return SSL_TLSEXT_ERR_OK;
  }
  const auto ours = static_cast<const TlsContext*>(context)->alpn();
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours.data(), static_cast<unsigned int>(ours.size()),
                            offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Called when the client asks for it, after the certificate is chosen.
int on_status(SSL* ssl, void*) {
  const HandshakeInfo* info = handshake_info(ssl);
  if (info == nullptr || info->tls->staples == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const certs::Staple* staple =
      info->tls->staples->find(SSL_get_certificate(ssl), base::wall_now());
  if (staple == nullptr) return SSL_TLSEXT_ERR_NOACK;
  void* copy = OPENSSL_memdup(staple->der.data(), staple->der.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  // The connection frees it. OpenSSL's macro for this casts in the old style.
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(staple->der.size()),
           copy);
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void install_server_callbacks(SSL_CTX* ctx, TlsContext& context) {
  SSL_CTX_set_client_hello_cb(ctx, on_client_hello, nullptr);
  SSL_CTX_set_cert_cb(ctx, on_certificate, nullptr);
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(on_status));
  if (!context.alpn().empty()) SSL_CTX_set_alpn_select_cb(ctx, on_alpn, &context);
}

}  // namespace ravelin::gateway
