// The tests a policy brings along, run on what it compiles to: on the simulator of rulesets, or in
// the kernel with real packets in network namespaces made for it. `never` and `always` are proofs
// about the policy, whoever runs them.
#pragma once

#include "firewall/compile/compile.h"
#include "firewall/diff/transaction.h"
#include "firewall/kernel/netlink_kernel.h"
#include "firewall/trial/scratch.h"
#include "firewall/trial/trace.h"

#include <memory>
#include <vector>

namespace ravelin::firewall::trial {

// Pure. `options.now` is the time of the test.
std::vector<policies::TestOutcome> run_tests_on_ruleset(const policies::Policy& policy,
                                                        const CompileOptions& options);

// Takes as long as tests say with `repeat N in TIME`. Errc::denied: without the privilege. Runs on
// a thread of its own, so that the caller's network namespace stays what it is.
base::Result<std::vector<policies::TestOutcome>> run_tests_in_kernel(const policies::Policy& policy,
                                                                     const CompileOptions& options);

// A ruleset in a scratch host, for one packet after the other. On the thread that opened it.
class KernelTrial {
 public:
  // `contents` is applied behind the ruleset: what its external sets hold.
  static base::Result<KernelTrial> open(const Ruleset& ruleset, const Transaction& contents,
                                        const Places& places);

  // The packet's fate as seen from outside, and which rule counted it.
  base::Result<Trace> send(const policies::Packet& packet);

  // One of many, whose fate nobody asks for: takes microseconds instead of milliseconds.
  base::Result<> send_unwatched(const policies::Packet& packet);

 private:
  KernelTrial(ScratchHost host, std::unique_ptr<NetlinkKernel> kernel)
      : host_(std::move(host)), kernel_(std::move(kernel)) {}

  base::Result<std::vector<RuleCount>> counts();
  base::Result<bool> is_banned(const base::IpAddress& source);
  static void note_destination(const policies::Packet& packet, const ScratchHost::Sight& sight,
                               Trace& trace);

  ScratchHost host_;
  Ruleset ruleset_;
  std::unique_ptr<NetlinkKernel> kernel_;
  std::vector<RuleCount> before_;
  bool are_counts_old_ = false;  // packets were sent since `before_` was read
  std::uint32_t sent_ = 0;
};

}  // namespace ravelin::firewall::trial
