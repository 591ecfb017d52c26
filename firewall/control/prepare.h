// From a policy on the disk to a policy ready to apply: read with its includes and the facts it
// asks for, parsed, compiled. Nothing here changes the kernel.
#pragma once

#include "base/diagnostics.h"
#include "firewall/compile/compile.h"
#include "firewall/state/policy_bundle.h"
#include "policies/parse/parse.h"

#include <optional>
#include <string>

namespace ravelin::firewall {

// Looks up in the world what a policy asks for.
class FactFinder {
 public:
  virtual ~FactFinder() = default;
  // What cannot be found is missing from the answer; the parser says so at the place that asks.
  virtual policies::Facts find(const policies::ParsedPolicy& policy) = 0;
};

struct Prepared {
  PolicyBundle bundle;
  policies::Policy policy;
  Compiled compiled;
};

// Reads a policy and all it includes into a bundle. Findings, with those of the second reading, the
// one with facts, are in `diagnostics`.
PolicyBundle collect(const std::string& path, base::yaml::Loader& loader, FactFinder& facts,
                     std::chrono::sys_seconds now, base::Diagnostics& diagnostics);

// The policy of a bundle. Error: it does not parse; the message is that of the first finding.
Result<policies::Policy> policy_of(const PolicyBundle& bundle);

// `options.now` is the bundle's, the time zone this kernel's; the revision goes into the comment of
// the table.
Prepared compile_bundle(PolicyBundle bundle, policies::Policy policy, CompileOptions options);

}  // namespace ravelin::firewall
