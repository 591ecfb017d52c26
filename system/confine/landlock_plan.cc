#include "system/confine/landlock_plan.h"

#include <fmt/format.h>

namespace ravelin::system {
namespace {

namespace ll = landlock;
using Access = PathAccess::Access;

std::uint64_t rights_known(int abi) {
  std::uint64_t rights = ll::kRefer | (ll::kRefer - 1);
  if (abi >= 3) rights |= ll::kTruncate;
  if (abi >= 5) rights |= ll::kDeviceControl;
  return rights;
}

std::uint64_t rights_of(Access access) {
  constexpr std::uint64_t kRead = ll::kReadFile | ll::kReadDirectory;
  switch (access) {
    case Access::read:
      return kRead;
    case Access::execute:
      return kRead | ll::kExecute;
    case Access::read_write:
      break;
  }
  return kRead | ll::kWriteFile | ll::kTruncate | ll::kRemoveFile | ll::kRemoveDirectory |
         ll::kMakeFile | ll::kMakeDirectory | ll::kMakeLink | ll::kMakeSocket | ll::kRefer;
}

MechanismReport unwanted(Mechanism mechanism, std::string_view why) {
  return {mechanism, Hold::unwanted, std::string(why)};
}

MechanismReport missing(Mechanism mechanism, int needed, std::string_view linux_version, int abi) {
  const std::string here = abi == 0 ? "has none" : fmt::format("has {}", abi);
  return {mechanism, Hold::missing,
          fmt::format("needs Landlock {} (Linux {}), this kernel {}", needed, linux_version, here)};
}

MechanismReport report_files(const Confinement& confinement, int abi) {
  if (!confinement.paths) return unwanted(Mechanism::files, "all that its user may open");
  if (abi < ll::kAbiOfFiles) return missing(Mechanism::files, ll::kAbiOfFiles, "5.19", abi);
  return {Mechanism::files, Hold::held,
          fmt::format("{} paths (Landlock {})", confinement.paths->size(), abi)};
}

MechanismReport report_ports(const Confinement& confinement, int abi) {
  const NetworkAccess& network = confinement.network;
  if (!network.connect_ports && !network.bind_ports)
    return unwanted(Mechanism::ports, network.inet ? "any TCP port" : "no TCP at all");
  if (abi < ll::kAbiOfPorts) return missing(Mechanism::ports, ll::kAbiOfPorts, "6.7", abi);
  const auto count = [](const std::optional<std::vector<std::uint16_t>>& ports) {
    return ports ? std::to_string(ports->size()) : "any";
  };
  return {Mechanism::ports, Hold::held,
          fmt::format("TCP ports: {} to connect to, {} to bind", count(network.connect_ports),
                      count(network.bind_ports))};
}

MechanismReport report_signals(const Confinement& confinement, int abi) {
  if (confinement.reaches_out) return unwanted(Mechanism::signals, "reaches other processes");
  if (abi < ll::kAbiOfSignals) return missing(Mechanism::signals, ll::kAbiOfSignals, "6.12", abi);
  return {Mechanism::signals, Hold::held, "signals and abstract sockets stay inside"};
}

void allow_ports(LandlockPlan& plan, const std::optional<std::vector<std::uint16_t>>& ports,
                 std::uint64_t right) {
  if (!ports) return;
  plan.ports |= right;
  for (const std::uint16_t port : *ports)
    plan.ports_allowed.push_back({right, port});
}

}  // namespace

LandlockPlan plan_landlock(const Confinement& confinement, int abi) {
  LandlockPlan plan;
  if (abi < ll::kAbiOfFiles) return plan;
  if (confinement.paths) {
    plan.files = rights_known(abi);
    plan.paths.reserve(confinement.paths->size());
    for (const PathAccess& access : *confinement.paths)
      plan.paths.push_back({access.path, rights_of(access.access) & plan.files, access.presence});
  }
  if (abi >= ll::kAbiOfPorts) {
    allow_ports(plan, confinement.network.connect_ports, ll::kConnectTcp);
    allow_ports(plan, confinement.network.bind_ports, ll::kBindTcp);
  }
  if (abi >= ll::kAbiOfSignals && !confinement.reaches_out)
    plan.scopes = ll::kAbstractSockets | ll::kSignals;
  return plan;
}

std::vector<MechanismReport> report_landlock(const Confinement& confinement, int abi) {
  return {report_files(confinement, abi), report_ports(confinement, abi),
          report_signals(confinement, abi)};
}

}  // namespace ravelin::system
