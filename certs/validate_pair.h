// Is this chain with this key fit to be served? OpenSSL loads almost anything, so every rule stands
// here. Pure over objects already parsed; any thread.
#pragma once

#include "base/clock.h"
#include "base/diagnostics.h"
#include "certs/certificate.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

enum class PairCode {
  file_unreadable,
  key_perms,
  key_parse,
  key_encrypted,
  key_passphrase,
  key_token,
  key_process,
  key_mismatch,
  key_weak,
  key_compromised,
  cert_parse,
  cert_expired,
  cert_not_yet_valid,
  cert_is_ca,
  cert_usage,
  cert_sigalg,
  cert_no_san,
  cert_critical_extension,
  san_wildcard,
  san_coverage,
  must_staple,
  chain_missing,
  chain_order,
  chain_wrong_issuer,
  chain_duplicate,
  chain_root_included,
  chain_expired_intermediate,
  chain_too_long,
  name_constraints,
  handshake,
  count_,
};

// "E_KEY_MISMATCH": stable, for machines and for looking up.
std::string_view code_text(PairCode code);

// One thing that is wrong with a pair. An error keeps it from being served; a warning does not.
struct PairFinding {
  PairCode code = PairCode::file_unreadable;
  base::Severity severity = base::Severity::error;
  std::string message;  // names the file, the rule and what to do

  friend bool operator==(const PairFinding&, const PairFinding&) = default;
};

// Leaves out what the caller knows better about.
void erase_finding(std::vector<PairFinding>& findings, PairCode code);
bool has_errors(const std::vector<PairFinding>& findings);
// "E_KEY_MISMATCH: www.key: …", all joined with "; ".
std::string to_string(const std::vector<PairFinding>& findings);

// Who shows the certificate: for the server its names count, for a client that it may be one.
enum class PairUse : std::uint8_t { server, client };

struct PairNames {
  std::string chain_file;  // as the operator names them in messages
  std::string key_file;
  std::vector<std::string> wanted{};  // host names the certificate has to cover; empty = any
  PairUse use = PairUse::server;
};

// All findings, errors and warnings. The key's rules are checked before the chain's.
std::vector<PairFinding> validate_pair(const Chain& chain, const EVP_PKEY* key,
                                       const PairNames& names, base::WallTime now);

// "www.example.com" by itself or by "*.example.com"; both lower case.
bool covers(const CertificateInfo& info, std::string_view name);

}  // namespace ravelin::certs
