// What an own authority signs for an order, and whether it may: decisions over values, and the
// signature. Pure but for random numbers; any thread.
#pragma once

#include "certs/ca/sign_ca.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// Whom the certificate is for: a server, a client, or one that is both.
enum class LeafProfile : std::uint8_t { server, client, peer };

inline constexpr std::string_view kLeafProfiles[] = {"server", "client", "peer"};

inline std::string_view text_of(LeafProfile profile) {
  return kLeafProfiles[static_cast<std::size_t>(profile)];
}

Result<LeafProfile> parse_leaf_profile(std::string_view text);  // "" = server

// What is ordered and what the request names have to be the same names, in any order, and all
// permitted. Errors name the name.
Result<> check_leaf_names(std::span<const std::string> ordered,
                          std::span<const std::string> requested, const NameConstraints& permitted,
                          std::string_view ca_name);

struct LeafDates {
  base::WallTime not_before;
  base::WallTime not_after;

  friend bool operator==(const LeafDates&, const LeafDates&) = default;
};

// As wished, else from a little ago for `lifetime`; never outside the issuing certificate's own
// dates. Errors: it would have ended already, would end before it starts, or `issuing` has ended.
Result<LeafDates> plan_leaf_dates(std::optional<base::WallTime> not_before,
                                  std::optional<base::WallTime> not_after,
                                  std::chrono::seconds lifetime, const CertificateInfo& issuing,
                                  base::WallTime now);

struct LeafOrder {
  std::vector<std::string> names;
  EVP_PKEY* key = nullptr;  // the public half
  LeafProfile profile = LeafProfile::server;
  LeafDates dates;
};

// An empty subject and `names` as a critical subjectAltName (RFC 5280 section 4.2.1.6).
Result<X509Ptr> sign_leaf(const SigningCa& issuing, const LeafOrder& order);

// As a verifier that trusts `root` alone would see it, dates apart. Errors: what it would say.
Result<> verify_leaf(X509* leaf, X509* issuing, X509* root, LeafProfile profile);

}  // namespace ravelin::certs
