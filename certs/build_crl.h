// Certificate revocation lists (RFC 5280 section 5), put together and signed. Any thread.
#pragma once

#include "certs/certificate.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ravelin::certs {

struct CrlEntry {
  std::string serial;  // hexadecimal
  base::WallTime revoked_at;
  int reason = 0;  // CRLReason; 0, unspecified, is not written (RFC 5280 section 5.3.1)
};

struct CrlRequest {
  base::WallTime this_update;
  base::WallTime next_update;
  // Written with the identifier of the issuer's key, which tells apart two keys of one name.
  std::optional<std::uint64_t> number{};
};

// Errors: a serial number that is none, a key that does not sign.
Result<CrlPtr> build_crl(X509* issuer, EVP_PKEY* key, std::span<const CrlEntry> entries,
                         const CrlRequest& request);

// The number of a CRL; nullopt when it has none or one of more than 64 bits.
std::optional<std::uint64_t> crl_number(const X509_CRL* crl);

}  // namespace ravelin::certs
