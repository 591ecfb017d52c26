// What a listener shows its clients over TLS, and what it asks of them: values with their defaults.
#pragma once

#include "base/result.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

using base::SourcePos;
using std::chrono::seconds;

enum class TlsProfile { intermediate, modern };  // Mozilla guideline 6.0; nothing older exists
enum class ClientAuthMode { none, request, require };
// What becomes of clients while the CRL of their CA is over, or was never got.
enum class ExpiredCrl { refuse, accept };
enum class ClientCertForward { none, certificate, chain };  // RFC 9440

struct CertificateConfig {
  SourcePos pos;
  std::string chain;  // path of a PEM file: leaf first, then intermediates; absolute after parsing
  std::string key;    // path of a PEM private key, or the URI of one in a token (pkcs11:…)
  std::string key_secret;  // path: passphrase of the key file, PIN of the token; empty = none
  std::string staple;      // path of an OCSP response in DER; empty = none is stapled
  bool is_default =
      false;  // `default: true`: served for a name no certificate covers, and without SNI
};

// A list to fetch, not one in a file.
inline bool is_crl_url(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

struct ClientAuthConfig {
  SourcePos pos;
  ClientAuthMode mode = ClientAuthMode::none;
  std::string ca;                 // PEM bundle; required unless mode is none
  std::vector<std::string> crls;  // PEM files, or http(s) URLs to fetch from; empty = none
  ExpiredCrl crl_expired = ExpiredCrl::refuse;
  seconds crl_refresh{3600};  // URLs are asked at least this often
  std::string crl_cache;      // folder for what was fetched; empty = below certs.store
  ClientCertForward forward = ClientCertForward::none;  // to the servers, in Client-Cert
};

struct TicketConfig {
  seconds rotate{12 * 3600};  // a new key this often
  int keep = 3;               // keys kept for decryption, the newest encrypts
};

struct HstsConfig {
  std::optional<seconds> max_age;  // absent = no header; default of a TLS listener is 63072000 s
  bool include_subdomains = false;
};

struct ListenerTlsConfig {
  SourcePos pos;
  TlsProfile profile = TlsProfile::intermediate;
  std::vector<CertificateConfig> certificates;
  bool from_store = false;  // a `{ store: true }` entry: every name of certs.store as well
  ClientAuthConfig client_auth;
  TicketConfig tickets;
  HstsConfig hsts{.max_age = seconds(63'072'000)};
};

}  // namespace ravelin::gateway
