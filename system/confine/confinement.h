// What a process of `ravelin run` keeps, as values, and what came of giving up the rest. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::system {

// Who confines itself. Two of them speak to nobody and so are no Role of messages/: the reader of
// the configuration, and the runner of programs the configuration names (hooks, check commands).
enum class ConfinedRole : std::uint8_t {
  supervisor,
  config_reader,
  gateway,
  keys,
  firewall,
  certs,
  programs,
  count_
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(ConfinedRole::count_)>
    kConfinedRoleWords{"supervisor", "config_reader", "gateway", "keys",
                       "firewall",   "certs",         "programs"};

std::string_view to_string(ConfinedRole role);

// A file, or a directory with all that is beneath it. The kernel remembers the file as it is when
// the process confines itself, not its name: what is replaced by rename needs its directory here.
struct PathAccess {
  enum class Access : std::uint8_t {
    read,
    read_write,  // and make, change, rename and remove what is beneath
    execute,     // read, and start as a program
  };
  enum class Presence : std::uint8_t {
    required,  // that it does not exist is an error
    if_there,
  };

  std::string path;
  Access access = Access::read;
  Presence presence = Presence::required;

  friend bool operator==(const PathAccess&, const PathAccess&) = default;
};

// The sockets a process may make. Those it holds or is handed stay usable, whatever stands here.
struct NetworkAccess {
  bool unix_sockets = false;
  bool inet = false;     // TCP and UDP over IPv4 and IPv6, never raw
  bool netlink = false;  // routes, sockets and netfilter
  // The ports of TCP alone; the kernel has no such limit for UDP. Nothing: any. Empty: none.
  std::optional<std::vector<std::uint16_t>> connect_ports = std::nullopt;
  std::optional<std::vector<std::uint16_t>> bind_ports = std::nullopt;

  friend bool operator==(const NetworkAccess&, const NetworkAccess&) = default;
};

struct Confinement {
  ConfinedRole role = ConfinedRole::gateway;
  std::string user;  // changed to when started as root; "" = the process stays who it is
  std::vector<unsigned> kept_capabilities;  // numbers of linux/capability.h
  // Whether a program this process starts has these capabilities too (the supervisor's children).
  bool hands_on_capabilities = false;
  // Nothing: files are not confined, but for who owns them.
  std::optional<std::vector<PathAccess>> paths = std::nullopt;
  NetworkAccess network;
  // It loads libraries while it runs: modules of tokens. Executable memory comes from files then.
  bool loads_modules = false;
  // It starts programs of the configuration itself. They run under its filter, so this is the one
  // of `programs`; what may be started is in `paths`.
  bool starts_programs = false;
  // It signals processes that are not its own descendants, or talks over abstract sockets.
  bool reaches_out = false;
};

enum class Mechanism : std::uint8_t {
  user,
  capabilities,
  no_new_privs,
  core_dumps,
  files,
  ports,
  signals,
  system_calls,
  count_
};

std::string_view to_string(Mechanism mechanism);

enum class Hold : std::uint8_t {
  held,
  unwanted,  // the confinement does not ask for it
  missing,   // asked for, and not there
};

struct MechanismReport {
  Mechanism mechanism = Mechanism::user;
  Hold hold = Hold::held;
  std::string text;  // held: how; unwanted, missing: why

  friend bool operator==(const MechanismReport&, const MechanismReport&) = default;
};

struct ConfinementReport {
  ConfinedRole role = ConfinedRole::gateway;
  std::vector<MechanismReport> mechanisms;  // one of each, in the order of Mechanism
};

// Nothing that was asked for is missing.
bool is_complete(const ConfinementReport& report);

// One line for `status`: "user ravelin, no capability, …, 96 system calls", gaps included.
std::string summary_of(const ConfinementReport& report);

// What is missing, a sentence each: "ports: needs Landlock 4 (Linux 6.7), this kernel has 2".
std::vector<std::string> gaps_of(const ConfinementReport& report);

// What is left to it: "reads /etc/ravelin", "connects to TCP ports 8080", "starts no program".
std::vector<std::string> may_do(const Confinement& confinement);

// Both, for `status`: the summary, and a line for each thing that is left. What the kernel does not
// hold is left; of files those beyond what every process of this role may read.
std::string account_of(const ConfinementReport& report, Confinement confinement);

}  // namespace ravelin::system
