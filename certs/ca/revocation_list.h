// What an own authority took back, and crl.pem, the lists by which verifiers learn of it: one of
// the root (for verifiers that ask about the whole chain), one of the issuing certificate and of
// each retired one. Whoever calls what writes holds the CA's lock.
#pragma once

#include "certs/build_crl.h"
#include "certs/ca/own_ca.h"
#include "certs/ca/records.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

inline constexpr std::chrono::hours kCrlLifetime{24 * 7};

// Errors name file and line: a list made without a damaged line would take a revocation back.
Result<std::vector<RevokedRecord>> read_revoked(const CaFolder& folder);
Result<> add_revoked(const CaFolder& folder, const RevokedRecord& record);

// What the list of one issuing certificate names: its own, until a list after their end (RFC 5280
// section 3.3).
std::vector<CrlEntry> list_entries(std::span<const RevokedRecord> revoked,
                                   std::string_view issuer_serial, base::WallTime now);

struct CrlState {
  std::uint64_t number = 0;
  base::WallTime next_update;
  std::size_t revoked = 0;  // in all lists

  friend bool operator==(const CrlState&, const CrlState&) = default;
};

// Of the present crl.pem: the issuing certificate's list. Errors: not there, damaged, none of the
// present issuing certificate.
Result<CrlState> read_crl_state(const OwnCa& ca);

// Makes crl.pem anew, each list with a higher number than any before, and bundle.pem, the
// certificates that signed them: what takes CRLs from the CAs it trusts alone is given both.
Result<> refresh_crl(const OwnCa& ca, base::WallTime now);

// What has to be done from time to time: a new issuing certificate when it is due and the root's
// key is there; crl.pem when half its time has gone, or it is missing.
Result<> tend(OwnCa& ca, base::WallTime now);

}  // namespace ravelin::certs
