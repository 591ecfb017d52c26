// The values of Client-Cert and Client-Cert-Chain (RFC 9440) of a client that was verified. Pure
// over the connection's TLS object; one worker's thread.
#pragma once

#include "gateway/config/tls_config.h"

#include <openssl/ssl.h>

#include <string>

namespace ravelin::gateway {

struct ClientCertificateFields {
  std::string certificate;  // ":base64 of the DER:"; "" = no verified certificate
  std::string chain;        // those above it, nearest first, without the root; "" = none
};

// `forward` is not none. In a resumed session the chain is built anew from what the client sent; ""
// when it no longer can be.
ClientCertificateFields client_certificate_fields(const SSL* ssl, ClientCertForward forward);

}  // namespace ravelin::gateway
