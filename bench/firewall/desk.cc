#include "bench/firewall/desk.h"

#include "firewall/control/system_facts.h"

namespace ravelin::bench {

Desk::Desk(firewall::SystemTimes times, firewall::StateDir state,
           std::unique_ptr<firewall::NetlinkKernel> kernel)
    : times_(std::move(times)),
      state_(std::move(state)),
      kernel_(std::move(kernel)),
      feeds_(times_, state_),
      keeper_(*kernel_, state_, times_, feeds_) {}

std::unique_ptr<Desk> Desk::open(const std::string& state) {
  std::unique_ptr<Desk> desk(new Desk(must(firewall::SystemTimes::open()),
                                      must(firewall::StateDir::open(state)),
                                      must(firewall::NetlinkKernel::open())));
  must(desk->keeper_.recover());
  return desk;
}

firewall::PolicyBundle read_policy(const std::string& path) {
  base::yaml::DiskLoader loader;
  firewall::SystemFacts facts;
  base::Diagnostics diagnostics;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  firewall::PolicyBundle bundle = firewall::collect(path, loader, facts, now, diagnostics);
  for (const base::Finding& finding : diagnostics.findings()) {
    if (finding.severity == base::Severity::error)
      give_up({base::Errc::invalid, base::to_string(finding), {}});
  }
  return bundle;
}

firewall::Keeper::Applied Desk::apply(const std::string& policy) {
  return must(keeper_.apply(read_policy(policy), {.confirm_within = {}, .by = "bench"}));
}

}  // namespace ravelin::bench
