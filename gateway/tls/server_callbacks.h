// What OpenSSL asks during a server handshake: is the name known, which pair, which protocol.
// Runs on the connection's worker; reads only the pinned HandshakeInfo.
#pragma once

#include <openssl/ssl.h>

namespace ravelin::gateway {

class TlsContext;

// `context` must outlive `ctx` (it owns it).
void install_server_callbacks(SSL_CTX* ctx, TlsContext& context);

}  // namespace ravelin::gateway
