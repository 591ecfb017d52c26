// The `certs:` section of ravelin.yaml as values with their defaults. Pure; any thread.
#pragma once

#include "base/result.h"
#include "certs/issuer/challenges.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::certs {

using base::SourcePos;

inline constexpr const char* kStoreDefault = "/var/lib/ravelin/certs";

enum class IssuerKind : std::uint8_t { acme, local };

// Where dns-01 puts its records by dynamic updates (RFC 2136).
struct DnsUpdateConfig {
  std::string server;                    // ADDRESS:PORT
  std::string zone;                      // "" = the one the server has the name in
  std::string key_file;                  // BIND's
  std::vector<std::string> secondaries;  // ADDRESS:PORT, must have the record, too
  std::vector<std::string> resolvers;    // ADDRESS:PORT; empty = the system's
};

struct IssuerConfig {
  SourcePos pos;
  std::string name;
  IssuerKind kind = IssuerKind::local;
  // The rest is of ACME CAs alone.
  std::string directory;             // URL, https
  std::string ca_file;               // roots its own server is trusted by; "" = the system's
  std::string eab;                   // file with key id and key, a line each; "" = none
  std::vector<std::string> contact;  // "mailto:…"
  std::string chain;                 // preferred root; "" = the CA's default
  std::string profile;               // of certificates; "" = the CA's default
  std::vector<ChallengeType> challenges{ChallengeType::http_01, ChallengeType::tls_alpn_01,
                                        ChallengeType::dns_01};
  std::string dns_hook;                       // program for dns-01; "" = none
  std::optional<DnsUpdateConfig> dns_update;  // in place of it

  [[nodiscard]] bool can_change_dns() const { return !dns_hook.empty() || dns_update; }
};

struct CertificateConfig {
  SourcePos pos;
  std::string name;
  std::vector<std::string> also;
  std::vector<std::string> issuers;  // in order; empty in the file = all, in their order there
  std::vector<std::string> keys{"p256"};
  std::string profile;
  bool pins_key = false;
};

struct CertsConfig {
  std::string store = kStoreDefault;
  std::chrono::seconds look_every{60};  // how often the renewal looks what is due
  // How long clients are watched once another generation is shown; 0 = not at all.
  std::chrono::seconds watch_after_swap{300};
  std::vector<IssuerConfig> issuers;
  std::vector<CertificateConfig> names;
};

}  // namespace ravelin::certs
