#include "firewall/control/last_resort.h"

#include "firewall/control/fallback.h"
#include "firewall/control/prepare.h"
#include "firewall/control/rebuild.h"

namespace ravelin::firewall {

Result<bool> put_last_resort(Kernel& kernel) {
  const auto there = kernel.read();
  if (!there) return there.error();
  if (*there) return false;
  PolicyBundle bundle = management_only(std::nullopt, Forwarding::denied);
  auto policy = policy_of(bundle);
  if (!policy) return policy.error();
  const std::string revision = "0 " + bundle.hash();
  const Prepared prepared =
      compile_bundle(std::move(bundle), std::move(*policy), {.revision = revision});
  if (auto done = kernel.apply(rebuild(std::nullopt, prepared.compiled.ruleset), {}); !done)
    return done.error();
  return true;
}

}  // namespace ravelin::firewall
