#include "gateway/tls/handshake_info.h"

#include "base/check.h"
#include "gateway/tls/context.h"

namespace ravelin::gateway {
namespace {

int info_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

}  // namespace

SslPtr new_server_ssl(HandshakeInfo& info) {
  SslPtr ssl(SSL_new(info.tls->context->ssl_ctx()));
  if (ssl == nullptr || SSL_set_ex_data(ssl.get(), info_slot(), &info) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

HandshakeInfo* handshake_info(const SSL* ssl) {
  return static_cast<HandshakeInfo*>(SSL_get_ex_data(ssl, info_slot()));
}

void end_handshake(SSL* ssl) {
  SSL_set_ex_data(ssl, info_slot(), nullptr);
  SSL_clear_mode(ssl, SSL_MODE_ASYNC);
}

}  // namespace ravelin::gateway
