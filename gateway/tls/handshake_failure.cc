#include "gateway/tls/handshake_failure.h"

#include "base/result.h"
#include "base/text.h"
#include "certs/handles.h"
#include "gateway/tls/late_key.h"

#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace ravelin::gateway {
namespace {

// OpenSSL's reason for a received alert is 1000 + its description (RFC 8446 section 6).
constexpr int kAlertReceived = SSL_AD_REASON_OFFSET;

struct Mapping {
  int reason;
  Reason ours;
  const char* detail;
};

constexpr Mapping kMappings[] = {
    {SSL_R_HTTP_REQUEST, Reason::plain_http_on_tls, "plain http request on a tls port"},
    {SSL_R_HTTPS_PROXY_REQUEST, Reason::plain_http_on_tls,
     "plain http proxy request on a tls port"},
    {SSL_R_NO_SHARED_CIPHER, Reason::handshake_no_shared_cipher,
     "no cipher suite, group and certificate type in common"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, Reason::handshake_no_shared_cipher, "no group in common"},
    {SSL_R_NO_SHARED_GROUPS, Reason::handshake_no_shared_cipher, "no group in common"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, Reason::handshake_no_shared_cipher,
     "no signature algorithm in common with the certificate"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, Reason::handshake_no_shared_cipher,
     "no signature algorithm in common"},
    {SSL_R_UNSUPPORTED_PROTOCOL, Reason::handshake_unsupported_version, ""},
    {SSL_R_VERSION_TOO_LOW, Reason::handshake_unsupported_version, ""},
    {SSL_R_WRONG_VERSION_NUMBER, Reason::handshake_failed, "not tls: wrong version number"},
    {SSL_R_INAPPROPRIATE_FALLBACK, Reason::handshake_unsupported_version,
     "the client fell back to an older version than it supports"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, Reason::handshake_client_certificate,
     "the client sent no certificate"},
    {SSL_R_NO_APPLICATION_PROTOCOL, Reason::handshake_failed, "no application protocol in common"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, Reason::handshake_closed,
     "the client closed during the handshake"},
};

std::string lower(const char* text) {
  return text == nullptr ? "unknown" : base::to_lower(text);
}

HandshakeFailure received_alert(int description) {
  std::string detail = "alert received: " + lower(SSL_alert_desc_string_long(description));
  switch (description) {
    case SSL_AD_PROTOCOL_VERSION:
      return {Reason::handshake_unsupported_version, std::move(detail)};
    case SSL_AD_UNRECOGNIZED_NAME:
      return {Reason::handshake_unknown_name, std::move(detail)};
    case SSL_AD_USER_CANCELLED:
    case SSL_AD_CLOSE_NOTIFY:
      return {Reason::handshake_closed, std::move(detail)};
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return {Reason::handshake_failed, std::move(detail), true};
    default:
      return {Reason::handshake_failed, std::move(detail)};
  }
}

HandshakeFailure rejected_certificate(const SSL* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  return {Reason::handshake_client_certificate,
          "client certificate: " + lower(X509_verify_cert_error_string(verdict))};
}

HandshakeFailure unsupported_version(const HandshakeInfo& info) {
  return {Reason::handshake_unsupported_version,
          info.version_max == 0 ? std::string("the client's version is not supported")
                                : "the client offers at most " + version_name(info.version_max)};
}

HandshakeFailure refused_by_us(const HandshakeInfo& info) {
  switch (info.refused) {
    case Reason::handshake_unknown_name:
      return {info.refused,
              info.sni.empty() ? "the client sent no server name" : "no certificate for this name"};
    case Reason::handshake_key_unavailable:
      return {info.refused, "the certificate's key could not be used"};
    default:
      return {info.refused, "malformed server name"};
  }
}

HandshakeFailure from_library(const SSL* ssl, const HandshakeInfo& info, unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  if (is_key_refusal(code))
    return {Reason::handshake_key_unavailable, "the certificate's key did not sign"};
  if (ERR_GET_LIB(code) != ERR_LIB_SSL)
    return {Reason::handshake_failed, lower(ERR_reason_error_string(code))};
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return rejected_certificate(ssl);
  if (reason > kAlertReceived) return received_alert(reason - kAlertReceived);
  for (const auto& mapping : kMappings) {
    if (mapping.reason != reason) continue;
    if (mapping.ours == Reason::handshake_unsupported_version && *mapping.detail == '\0')
      return unsupported_version(info);
    return {mapping.ours, mapping.detail};
  }
  return {Reason::handshake_failed, lower(ERR_reason_error_string(code))};
}

}  // namespace

HandshakeFailure explain_handshake_failure(const SSL* ssl, const HandshakeInfo& info, int ssl_error,
                                           int error_number) {
  const unsigned long code = ERR_peek_error();  // the first entry is the cause, later ones its echo
  HandshakeFailure failure;
  if (info.refused != Reason::none)
    failure = refused_by_us(info);
  else if (code != 0)
    failure = from_library(ssl, info, code);
  else if (error_number != 0)
    failure = {Reason::handshake_closed,
               base::fail_errno(error_number, "connection lost during the handshake").message};
  else if (ssl_error == SSL_ERROR_ZERO_RETURN || ssl_error == SSL_ERROR_SYSCALL)
    failure = {Reason::handshake_closed, "the client closed during the handshake"};
  else
    failure = {Reason::handshake_failed, "unknown error"};
  ERR_clear_error();
  return failure;
}

std::string version_name(int version) {
  switch (version) {
    case SSL3_VERSION:
      return "SSL 3.0";
    case TLS1_VERSION:
      return "TLS 1.0";
    case TLS1_1_VERSION:
      return "TLS 1.1";
    case TLS1_2_VERSION:
      return "TLS 1.2";
    case TLS1_3_VERSION:
      return "TLS 1.3";
    default:
      return fmt::format("version {:#06x}", version);
  }
}

}  // namespace ravelin::gateway
