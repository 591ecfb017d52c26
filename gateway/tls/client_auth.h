// Client certificates: what a context trusts, what it announces, and which revocations it knows.
#pragma once

#include "gateway/tls/context.h"

namespace ravelin::gateway {

// Sets verification, the announced CA names and the CRLs of `policy` on a new context.
// Errors: see TlsContext::create.
base::Result<ClientTrust> install_client_auth(SSL_CTX* ctx, const TlsPolicy& policy,
                                              base::WallTime now);

// Subject (RFC 2253 text) of the certificate the client was verified by, also in a resumed session;
// "" = none.
std::string verified_subject(const SSL* ssl);

bool has_verified_certificate(const SSL* ssl);
// The last commonName (RFC 4519) in its subject, as UTF-8; "" = none.
std::string verified_common_name(const SSL* ssl);
// SHA-256 (32 bytes) of that certificate; "" = none.
std::string verified_fingerprint(const SSL* ssl);

}  // namespace ravelin::gateway
