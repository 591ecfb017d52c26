// A revocation list that is believed: whose it is, what it says, where it came from. Read from
// bytes of outside, which are bounded and trusted in nothing before the signature. Any thread.
#pragma once

#include "certs/certificate.h"
#include "certs/crl/judge_crl.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

inline constexpr std::size_t kCrlBytesMax = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t kCrlsPerAnswerMax = 64;

// What a list may be of, and be verified by.
struct CrlAuthority {
  X509Ptr certificate;
  std::string id;       // of its name and key, hexadecimal
  std::string subject;  // RFC 2253 text
};

// The certificates of a bundle. Errors: as parse_bundle.
Result<std::vector<CrlAuthority>> parse_authorities(std::string_view pem, std::string_view name);
CrlAuthority authority_of(X509* certificate);

// Immutable; shared by threads.
struct HeldCrl {
  CrlPtr crl;
  CrlFacts facts;
  std::string authority;  // CrlAuthority::id
  // Tells apart the lists one CA has for parts of its certificates (issuingDistributionPoint, RFC
  // 5280 section 5.2.5) as well: of two with the same, one counts.
  std::string slot;
  std::string place;  // the file or URL it came from
};

using HeldCrlPtr = std::shared_ptr<const HeldCrl>;

CrlFacts describe_crl(const X509_CRL* crl);

// A list in DER, or up to kCrlsPerAnswerMax in PEM (1 MiB at most then). Errors, as what is wrong
// with it: neither, too large, bytes behind it. Nothing is verified.
Result<std::vector<CrlPtr>> parse_crl_answer(std::string_view bytes, std::string_view name);

// Whose list it is: the name is that of one of `all`, and the signature verifies by its key. Null =
// the name is none of theirs. Errors: the name is one of theirs, but the signature is not, or its
// certificate does not allow it to sign lists.
Result<const CrlAuthority*> find_signer(X509_CRL* crl, std::span<const CrlAuthority> all);

// Errors: what cannot be used as a list of all revocations: it has no nextUpdate or one that is not
// after thisUpdate, is a delta, has a number longer than 20 bytes, or a critical extension that is
// not understood.
Result<> check_crl_form(X509_CRL* crl, const CrlFacts& facts);

// A list whose form and signature were looked at.
HeldCrlPtr hold_crl(CrlPtr crl, const CrlAuthority& signer, std::string place);

// Whether `after` revokes a certificate that `before`, lists of the same CAs, do not.
bool revokes_more(std::span<const HeldCrlPtr> before, std::span<const HeldCrlPtr> after);

// When the first of them ends; nullopt: none is held, or none ends.
std::optional<base::WallTime> first_end(std::span<const HeldCrlPtr> lists);

// For each slot the newest of both, in the order of slots.
std::vector<HeldCrlPtr> newest_of(std::span<const HeldCrlPtr> one,
                                  std::span<const HeldCrlPtr> other);

}  // namespace ravelin::certs
