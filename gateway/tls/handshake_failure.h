// Why a handshake failed, from what OpenSSL left behind: one Reason for log and metric, and a short
// text for the operator. Reads the calling thread's OpenSSL error queue and empties it.
#pragma once

#include "gateway/observe/reason.h"
#include "gateway/tls/handshake_info.h"

#include <string>

namespace ravelin::gateway {

struct HandshakeFailure {
  Reason reason = Reason::handshake_failed;
  std::string detail;  // "the client offers at most TLS 1.1", "alert received: unknown ca"
  // The client has said by an alert that it does not take the certificate (RFC 8446 section 6.2).
  bool refuses_certificate = false;
};

// Call right after SSL_do_handshake() failed for good. `ssl_error` is SSL_get_error()'s answer,
// `error_number` the errno of the socket operation (0 = none: the peer closed).
// Reason::plain_http_on_tls means the bytes were an HTTP request: the stream may answer a plain
// 400.
HandshakeFailure explain_handshake_failure(const SSL* ssl, const HandshakeInfo& info, int ssl_error,
                                           int error_number);

// "TLS 1.2"; "version 0x0305" for one that has no name.
std::string version_name(int version);

}  // namespace ravelin::gateway
