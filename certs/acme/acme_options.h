// How one CA is asked: everything an AcmeIssuer is told. Values.
#pragma once

#include "certs/acme/jws.h"
#include "certs/acme/session.h"
#include "certs/issuer/challenges.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::certs {

struct AcmeOptions {
  std::string name;       // as the operator calls this issuer; for the log and messages
  std::string directory;  // its URL, https
  std::string accounts;   // the folder that holds the accounts of all CAs, one folder each
  std::string ca_file{};  // roots the CA's own server is trusted by; "" = the system's
  std::optional<acme::ExternalAccount> external_account{};
  std::vector<std::string> contacts{};  // "mailto:…"
  std::string preferred_chain{};        // root's common name, or SHA-256 of a key in it (hex)
  std::vector<ChallengeType> challenges{ChallengeType::http_01, ChallengeType::tls_alpn_01,
                                        ChallengeType::dns_01};  // the first that works is taken
  std::string user_agent = "ravelin";

  std::chrono::seconds order_deadline{600};    // one issue(), all told
  std::chrono::seconds other_deadline{120};    // anything else
  std::chrono::milliseconds poll_first{1000};  // grows to ten times that; Retry-After wins
  acme::SessionLimits session{};
};

}  // namespace ravelin::certs
