// Starting another program: no shell, no descriptor of ours, signals as at the start, in a process
// group of its own, so that all it starts can be ended with it. Does not wait for anything.
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

}  // namespace ravelin::base
