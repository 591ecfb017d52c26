// What a gateway's configuration needs of the firewall of its host: openings for its listeners, and
// an end to what its user may send. Pure; any thread.
#pragma once

#include "base/diagnostics.h"
#include "certs/config/certs_config.h"
#include "gateway/config/config.h"
#include "policies/model/policy.h"
#include "system/derive/derived_rule.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::system {

// The id of the rule that ends what the gateway may send: who has it, was derived.
inline constexpr std::string_view kEgressRule = "gateway-egress";
// Behind it: all others are as free as before.
inline constexpr std::string_view kOthersRule = "host-egress";

struct DerivedRules {
  std::vector<DerivedRule> to_host;    // `any -> host`
  std::vector<DerivedRule> from_host;  // `host -> any`; empty: nothing is said about it
  // Some pool has servers cut off: for whom. "" = for everybody on this host.
  std::optional<std::string> quarantine;
  // While the gateway is overloaded: what each source has. None: as much as ever.
  std::optional<DerivedOverload> overload;
  // What the policy has to say itself: sockets others open, servers known at run time alone.
  base::Diagnostics findings;
};

struct DeriveOptions {
  // Whether the policy already governs what the host sends. If not, the last rule of `from_host`
  // leaves everybody but the gateway as free as before.
  bool governs_egress = false;
  bool has_quarantine = false;  // of its own: it stays as it is
  bool has_overload = false;
};

// What a policy has beside what was derived before and is part of it.
DeriveOptions options_for(const policies::Policy& policy);

// What either opens, and one end of what the gateway may send: while one configuration goes over
// into another. Rules of `next` that have an id of `now` and say something else get another id.
DerivedRules merged(DerivedRules now, const DerivedRules& next);

// Listeners on loopback and Unix sockets need nothing. The admin listener is never opened.
DerivedRules derive(const gateway::Config& config, const certs::CertsConfig& certs,
                    const DeriveOptions& options);

}  // namespace ravelin::system
