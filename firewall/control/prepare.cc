#include "firewall/control/prepare.h"

#include "firewall/kernel/time_zone.h"

namespace ravelin::firewall {

PolicyBundle collect(const std::string& path, base::yaml::Loader& loader, FactFinder& facts,
                     std::chrono::sys_seconds now, base::Diagnostics& diagnostics) {
  PolicyBundle bundle;
  bundle.path = path;
  bundle.judged_at = now;
  base::yaml::RecordingLoader recording(loader, bundle);
  base::Diagnostics first;
  const policies::ParsedPolicy parsed = policies::load_policy(path, recording, {}, first);
  bundle.facts = facts.find(parsed);
  // From the bundle, so that what was checked is what is kept.
  base::yaml::BundleLoader kept(bundle, recording.failures());
  static_cast<void>(policies::load_policy(path, kept, bundle.facts, diagnostics));
  return bundle;
}

Result<policies::Policy> policy_of(const PolicyBundle& bundle) {
  base::yaml::BundleLoader loader(bundle);
  base::Diagnostics diagnostics;
  policies::ParsedPolicy parsed =
      policies::load_policy(bundle.path, loader, bundle.facts, diagnostics);
  if (!diagnostics.has_errors()) return std::move(parsed.policy);
  for (const base::Finding& finding : diagnostics.findings()) {
    if (finding.severity == base::Severity::error)
      return base::fail(base::Errc::invalid, "{}", base::to_string(finding));
  }
  return base::fail(base::Errc::invalid, "{} does not parse", bundle.path);
}

Prepared compile_bundle(PolicyBundle bundle, policies::Policy policy, CompileOptions options) {
  options.now = bundle.judged_at;
  options.kernel_west = kernel_minutes_west();
  Prepared prepared{std::move(bundle), std::move(policy), {}};
  prepared.compiled = compile(prepared.policy, options);
  return prepared;
}

}  // namespace ravelin::firewall
