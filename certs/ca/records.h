// What a certificate authority remembers of what it signed and took back, as lines of JSON. Pure.
#pragma once

#include "certs/issuer/issuer.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using std::chrono::sys_seconds;

struct IssuedRecord {
  std::string serial;
  std::string issuer;  // serial of the issuing certificate
  std::string key;     // hexadecimal SHA-256 of its public key
  std::vector<std::string> names;
  std::string profile;
  sys_seconds issued_at{};
  sys_seconds not_after{};
  std::string order;

  friend bool operator==(const IssuedRecord&, const IssuedRecord&) = default;
};

struct RevokedRecord {
  std::string serial;
  std::string issuer;
  std::string key;  // hexadecimal SHA-256 of its public key
  RevocationReason reason = RevocationReason::unspecified;
  sys_seconds revoked_at{};
  sys_seconds not_after{};

  friend bool operator==(const RevokedRecord&, const RevokedRecord&) = default;
};

// The words of the command line and of records: "key-compromise".
std::string_view text_of(RevocationReason reason);
Result<RevocationReason> parse_revocation_reason(std::string_view text);  // errors name them all

std::string format_record(const IssuedRecord& record);
std::string format_record(const RevokedRecord& record);
Result<IssuedRecord> parse_issued(std::string_view line);
Result<RevokedRecord> parse_revoked(std::string_view line);

}  // namespace ravelin::certs
