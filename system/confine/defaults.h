// What each role keeps as long as nobody says otherwise. The paths of the configuration are the
// caller's to add. Pure; any thread.
#pragma once

#include "system/confine/confinement.h"

#include <span>
#include <string>

namespace ravelin::system {

// Capabilities, sockets and the paths of the system itself (trusted CAs, names, time zones, its own
// directory in /proc). `user` is whom it becomes.
Confinement default_confinement(ConfinedRole role, std::string user);

// For a role without the network whose configuration names hosts (a firewall's policy): it asks
// name servers, and nobody else over TCP.
void allow_names(Confinement& confinement);

// For a configuration with keys in tokens: libraries are loaded while the role runs, and speak to
// daemons over Unix sockets.
void allow_modules(Confinement& confinement);

// For one whose check commands or hooks the role starts itself: these, and the interpreters and
// libraries of the system they need.
void allow_programs(Confinement& confinement, std::span<const std::string> programs);

}  // namespace ravelin::system
