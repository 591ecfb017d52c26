// The words of a confinement, for `status` and the log.
#include "system/confine/capabilities.h"
#include "system/confine/confinement.h"
#include "system/confine/defaults.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ravelin::system {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Mechanism::count_)> kMechanismWords{
    "user",  "capabilities", "no_new_privs", "core_dumps",
    "files", "ports",        "signals",      "system_calls"};

std::string paths_with(const std::vector<PathAccess>& paths, PathAccess::Access access) {
  std::vector<std::string_view> found;
  found.reserve(paths.size());
  for (const PathAccess& path : paths) {
    if (path.access == access) found.push_back(path.path);
  }
  return fmt::format("{}", fmt::join(found, " "));
}

void add_paths(std::vector<std::string>& lines, const Confinement& confinement) {
  if (!confinement.paths) {
    lines.emplace_back("opens whatever its user may");
    return;
  }
  using Access = PathAccess::Access;
  for (const auto& [access, verb] : {std::pair{Access::read, "reads"},
                                     {Access::read_write, "writes"},
                                     {Access::execute, "starts programs in"}}) {
    const std::string found = paths_with(*confinement.paths, access);
    if (!found.empty()) lines.push_back(fmt::format("{} {}", verb, found));
  }
}

std::string ports_of(const std::optional<std::vector<std::uint16_t>>& ports) {
  if (!ports) return "any TCP port";
  if (ports->empty()) return "no TCP port";
  return fmt::format("TCP ports {}", fmt::join(*ports, " "));
}

void add_network(std::vector<std::string>& lines, const NetworkAccess& network) {
  std::vector<std::string_view> families;
  if (network.unix_sockets) families.emplace_back("unix");
  if (network.inet) families.emplace_back("inet");
  if (network.netlink) families.emplace_back("netlink");
  if (families.empty()) {
    lines.emplace_back("makes no socket");
    return;
  }
  lines.push_back(fmt::format("makes sockets: {}", fmt::join(families, " ")));
  if (!network.inet) return;
  lines.push_back("connects to " + ports_of(network.connect_ports));
  lines.push_back("binds " + ports_of(network.bind_ports));
}

}  // namespace

std::string_view to_string(ConfinedRole role) {
  return kConfinedRoleWords[static_cast<std::size_t>(role)];
}

std::string_view to_string(Mechanism mechanism) {
  return kMechanismWords[static_cast<std::size_t>(mechanism)];
}

bool is_complete(const ConfinementReport& report) {
  return std::ranges::none_of(report.mechanisms, [](const MechanismReport& mechanism) {
    return mechanism.hold == Hold::missing;
  });
}

std::string summary_of(const ConfinementReport& report) {
  std::vector<std::string> parts;
  parts.reserve(report.mechanisms.size());
  for (const MechanismReport& mechanism : report.mechanisms) {
    if (mechanism.hold == Hold::held)
      parts.push_back(mechanism.text);
    else
      parts.push_back(fmt::format("{} {} ({})", to_string(mechanism.mechanism),
                                  mechanism.hold == Hold::missing ? "MISSING" : "open",
                                  mechanism.text));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> gaps_of(const ConfinementReport& report) {
  std::vector<std::string> gaps;
  for (const MechanismReport& mechanism : report.mechanisms) {
    if (mechanism.hold == Hold::missing)
      gaps.push_back(fmt::format("{}: {}", to_string(mechanism.mechanism), mechanism.text));
  }
  return gaps;
}

std::vector<std::string> may_do(const Confinement& confinement) {
  std::vector<std::string> lines;
  add_paths(lines, confinement);
  add_network(lines, confinement.network);
  const std::uint64_t capabilities = capability_set(confinement.kept_capabilities);
  if (capabilities != 0) lines.push_back("has " + capability_words(capabilities));
  if (confinement.loads_modules) lines.emplace_back("loads libraries");
  const bool starts = confinement.starts_programs || confinement.role == ConfinedRole::programs ||
                      confinement.role == ConfinedRole::supervisor;
  lines.emplace_back(starts ? "starts programs" : "starts no program");
  return lines;
}

std::string account_of(const ConfinementReport& report, Confinement confinement) {
  const auto is_missing = [&report](Mechanism mechanism) {
    return std::ranges::any_of(report.mechanisms, [mechanism](const MechanismReport& one) {
      return one.mechanism == mechanism && one.hold == Hold::missing;
    });
  };
  if (is_missing(Mechanism::files)) confinement.paths.reset();
  if (is_missing(Mechanism::ports)) {
    confinement.network.connect_ports.reset();
    confinement.network.bind_ports.reset();
  }
  const auto usual = default_confinement(confinement.role, "").paths;
  if (confinement.paths && usual)
    std::erase_if(*confinement.paths, [&usual](const PathAccess& path) {
      return std::ranges::find(*usual, path) != usual->end();
    });
  std::string text = summary_of(report);
  for (const std::string& line : may_do(confinement))
    text += "\n" + line;
  return text;
}

}  // namespace ravelin::system
