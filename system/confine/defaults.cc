#include "system/confine/defaults.h"

#include <linux/capability.h>

#include <utility>

namespace ravelin::system {
namespace {

using Access = PathAccess::Access;
using Presence = PathAccess::Presence;

PathAccess reads(std::string path) {
  return {std::move(path), Access::read, Presence::if_there};
}

PathAccess writes(std::string path) {
  return {std::move(path), Access::read_write, Presence::if_there};
}

// What libraries look at: chance, time zones, how many processors there are, itself.
std::vector<PathAccess> paths_of_every_process() {
  return {writes("/dev/null"),
          reads("/dev/urandom"),
          reads("/etc/localtime"),
          reads("/usr/share/zoneinfo"),
          reads("/etc/passwd"),
          reads("/etc/group"),
          reads("/etc/nsswitch.conf"),
          reads("/proc/self"),
          reads("/proc/stat"),
          reads("/proc/meminfo"),
          reads("/proc/sys/kernel/random"),
          reads("/proc/sys/vm/overcommit_memory"),
          reads("/sys/devices/system/cpu"),
          reads("/sys/fs/cgroup")};
}

// Trusted CAs and OpenSSL's own settings.
void add_tls(std::vector<PathAccess>& paths) {
  for (const char* path : {"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/lib/ssl",
                           "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"})
    paths.push_back(reads(path));
}

void add_names(std::vector<PathAccess>& paths) {
  for (const char* path :
       {"/etc/hosts", "/etc/resolv.conf", "/run/systemd/resolve", "/etc/host.conf", "/etc/gai.conf",
        "/etc/services", "/etc/protocols", "/usr/share/publicsuffix"})
    paths.push_back(reads(path));
}

}  // namespace

Confinement default_confinement(ConfinedRole role, std::string user) {
  Confinement confinement;
  confinement.role = role;
  confinement.user = std::move(user);
  std::vector<PathAccess> paths = paths_of_every_process();
  switch (role) {
    case ConfinedRole::supervisor:
      // Binds, becomes others, ends children of other users; all of it is handed on to who starts.
      confinement.kept_capabilities = {CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_SETUID,
                                       CAP_SETGID,           CAP_KILL,      CAP_SETPCAP};
      confinement.hands_on_capabilities = true;
      confinement.network = {.unix_sockets = true, .inet = true};
      confinement.reaches_out = true;
      return confinement;
    case ConfinedRole::programs:
      confinement.network = {.unix_sockets = true, .inet = true, .netlink = true};
      confinement.reaches_out = true;
      return confinement;
    case ConfinedRole::config_reader:
    case ConfinedRole::keys:
      add_tls(paths);
      break;
    case ConfinedRole::gateway:
    case ConfinedRole::certs:
      confinement.network = {.unix_sockets = true, .inet = true};
      add_tls(paths);
      add_names(paths);
      break;
    case ConfinedRole::firewall:
      confinement.kept_capabilities = {CAP_NET_ADMIN};
      confinement.network = {.unix_sockets = true, .netlink = true};
      paths.push_back(reads("/usr/share/ravelin/policies"));
      paths.push_back(reads("/proc/sys/net"));  // what this host's TCP offers
      break;
    case ConfinedRole::count_:
      break;
  }
  // Whose certificate is being changed by a process that is no more: certs/store/lease.h.
  if (role == ConfinedRole::certs) paths.push_back(reads("/proc"));
  confinement.paths = std::move(paths);
  return confinement;
}

void allow_names(Confinement& confinement) {
  constexpr std::uint16_t kDomain = 53;
  NetworkAccess& network = confinement.network;
  network.inet = true;
  network.connect_ports = std::vector{kDomain};
  network.bind_ports.emplace();
  if (confinement.paths) add_names(*confinement.paths);
}

void allow_modules(Confinement& confinement) {
  confinement.loads_modules = true;
  confinement.network.unix_sockets = true;
  if (!confinement.paths) return;
  for (const char* path :
       {"/usr/lib", "/lib", "/usr/share/p11-kit", "/etc/pkcs11", "/etc/ld.so.cache"})
    confinement.paths->push_back(reads(path));
}

void allow_programs(Confinement& confinement, std::span<const std::string> programs) {
  confinement.starts_programs = true;
  if (!confinement.paths) return;
  // On a merged system the others are links into /usr.
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib64"})
    confinement.paths->push_back({path, Access::execute, Presence::if_there});
  confinement.paths->push_back(reads("/etc/ld.so.cache"));
  for (const std::string& program : programs)
    confinement.paths->push_back({program, Access::execute, Presence::required});
}

}  // namespace ravelin::system
