// Another program, run to its end: no shell, no descriptor of ours, never longer than told. Blocks:
// never on a worker's thread.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace ravelin::base {

struct ProgramRun {
  std::vector<std::string> words;  // the path of the program, then its arguments
  std::vector<std::string> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  std::chrono::milliseconds time_max{std::chrono::seconds(60)};
  std::size_t output_bytes_max = std::size_t{64} * 1024;
};

struct ProgramEnd {
  int status = 0;      // what it ended with
  std::string output;  // on stdout and stderr, the first output_bytes_max of it
};

// Its input is empty. Errors: it cannot be started; it was ended by a signal; Errc::timeout, it was
// still running, or something it started still wrote: all of its process group is killed then.
Result<ProgramEnd> run_program(const ProgramRun& run);

}  // namespace ravelin::base
