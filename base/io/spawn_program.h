// Starting another program: no shell, no descriptor of ours but those named, signals as at the
// start, in a process group of its own, so that all it starts can be ended with it, and what a
// terminal sends does not reach it. Does not wait for anything.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

namespace ravelin::base {

inline constexpr int kNoOutput = -1;

// `words`: the path of the program, then its arguments. Its input is empty; it writes to `output`,
// a descriptor that stays the caller's, or nowhere with kNoOutput. 0, or an errno value.
int spawn_program(std::span<const std::string> words, std::span<const std::string> environment,
                  int output, pid_t& pid);

inline constexpr int kSpawnLink = 3;

// The same with our environment and standard streams, and one descriptor more: `link`, which is not
// kSpawnLink and stays the caller's, is that there.
int spawn_linked(std::span<const std::string> words, int link, pid_t& pid);

}  // namespace ravelin::base
