// Which certificates are due, in what order, and when the others will be: one look at everything
// that is held and wanted. Pure; any thread.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/rotate/ca_rests.h"
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
  bool is_revoked = false;               // what is served, or a key of it
  Failures failures;
  CaRestMap rests{};  // issuers that are left alone now
};

struct PlannedRenewal {
  std::string name;
  sys_seconds at{};           // due from then on
  std::string why;            // "nothing is served yet", "two thirds of its lifetime are over"
  bool is_emergency = false;  // little is left: any issuer will do
  sys_seconds not_after{};    // of what is served; the epoch: nothing is
  // Asked then, in this order: the next one's turn comes once the first has failed for a while, or
  // was away for a while, or when time runs out. Those that are to be left alone are left out.
  std::vector<std::string> issuers{};

  [[nodiscard]] bool is_due(sys_seconds now) const { return at <= now; }
};

// Sorted: what has nothing to serve first, then what ends soonest. Certificates without an issuer
// are left out.
std::vector<PlannedRenewal> plan_renewals(std::span<const HeldState> held, sys_seconds now);

// Why what is served is not what is wanted ("its names have changed"); "" = it is.
std::string mismatch_of(const Want& want, const GenerationInfo& served);

// The reason of a generation that stands in until an issuer has signed a real one.
inline constexpr std::string_view kPlaceholder = "placeholder";

}  // namespace ravelin::certs
