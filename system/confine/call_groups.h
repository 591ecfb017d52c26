// Names of system calls by what they are for: the vocabulary the lists of the roles are written in.
// Pure; any thread.
#pragma once

#include <span>
#include <string_view>

namespace ravelin::system {

using Calls = std::span<const std::string_view>;

// Every process: memory, threads, time, itself, signals to itself, waiting, its descriptors. Those
// with limits on their arguments are not among them (seccomp_plan.cc).
Calls calls_of_every_process();

Calls calls_to_read_files();
Calls calls_to_write_files();

// On sockets that were handed over, and on those of one's own.
Calls calls_on_sockets();
Calls calls_to_open_sockets();

// Waiting for children of one's own.
Calls calls_for_children();

// What a sanitizer does beside the program.
Calls calls_of_sanitizers();

// What no process of Ravelin ever does, and nothing it starts needs: other processes' memory,
// mounts, namespaces, kernel modules, and interfaces that have been the way in before.
Calls calls_never_made();

// What a process with a list of its own does not do once it is confined: become another program or
// another user. Some of it is a day's work for programs the configuration names.
Calls calls_ended_for();

}  // namespace ravelin::system
