// A certificate authority of one's own, for the demo and for tests: a P-256 root that name
// constraints limit to the names it was made for, and the leaves and CRLs it signs. The root is
// never put into a system trust store. Holds its private key; one thread at a time.
#pragma once

#include "certs/name_constraints.h"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

struct LocalCaOptions {
  std::string common_name = "Ravelin local CA";
  // Critical nameConstraints (RFC 5280 section 4.2.1.10). A name permits what is below it, too.
  // Both lists empty = no constraint at all.
  std::vector<std::string> permitted_names{"localhost"};
  std::vector<std::string> permitted_ips{"127.0.0.1", "::1"};
  std::chrono::hours validity{24 * 365};
};

enum class LeafKey { p256, rsa2048 };
enum class LeafUse { server, client };

struct LeafRequest {
  std::vector<std::string>
      names{};  // DNS names ("www.example.com", "*.example.com") or IP addresses
  LeafKey key = LeafKey::p256;
  LeafUse use = LeafUse::server;
  std::string common_name{};  // "" = no subject
  // Relative to now; negative starts in the past. The defaults allow for a clock a little behind.
  std::chrono::seconds starts_after{-300};
  std::chrono::seconds ends_after{90 * 24 * 3600};
};

class LocalCa {
 public:
  // Errors: a permitted name or address that is not one.
  static Result<LocalCa> create(const LocalCaOptions& options = {});

  // A fresh key and a certificate for it. Errors: a name that is not one, or that the CA's
  // constraints exclude.
  [[nodiscard]] Result<PairPtr> issue(const LeafRequest& request) const;

  // A CRL that lists these certificates as revoked, next update after `validity` (may be negative).
  [[nodiscard]] Result<CrlPtr> make_crl(std::span<const PairPtr> revoked,
                                        std::chrono::seconds validity) const;

  [[nodiscard]] const X509* certificate() const { return certificate_.get(); }

  [[nodiscard]] std::string certificate_pem() const { return to_pem(certificate_.get()); }

 private:
  LocalCaOptions options_;
  NameConstraints permitted_;
  X509Ptr certificate_;
  KeyPtr key_;
};

}  // namespace ravelin::certs
