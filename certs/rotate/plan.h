// Which certificates are due, in what order, and when the others will be: one look at everything
// that is held and wanted. Pure; any thread.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/rotate/schedule.h"
#include "certs/store/generation.h"
#include "certs/store/want.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

// What the configuration says of a certificate.
Want want_of(const CertificateConfig& config);

// One wanted certificate and what there is of it.
struct HeldState {
  std::string name;
  Want want;
  std::optional<GenerationInfo> served;  // nullopt: nothing yet
  std::optional<RenewalWindow> window;   // of the CA
  bool is_revoked = false;               // a key of what is served is revoked
  Failures failures;
};

struct PlannedRenewal {
  std::string name;
  sys_seconds at{};           // due from then on
  std::string why;            // "nothing is served yet", "two thirds of its lifetime are over"
  bool is_emergency = false;  // little is left: any issuer will do
  sys_seconds not_after{};    // of what is served; the epoch: nothing is

  [[nodiscard]] bool is_due(sys_seconds now) const { return at <= now; }
};

// Sorted: what has nothing to serve first, then what ends soonest. Certificates without an issuer
// are left out.
std::vector<PlannedRenewal> plan_renewals(std::span<const HeldState> held, sys_seconds now);

// Who is asked this time: the next issuer's turn comes once the first has failed for a while, or
// when time runs out. Empty = all of them, in their order.
std::vector<std::string> issuers_to_try(const Want& want, const PlannedRenewal& renewal,
                                        const Failures& failures);

// Why what is served is not what is wanted ("its names have changed"); "" = it is.
std::string mismatch_of(const Want& want, const GenerationInfo& served);

// The reason of a generation that stands in until an issuer has signed a real one.
inline constexpr std::string_view kPlaceholder = "placeholder";

}  // namespace ravelin::certs
