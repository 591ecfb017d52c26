// The four ways the load generator works. Each runs to its end and leaves its numbers in a Tally.
#pragma once

#include "bench/cpu_time.h"
#include "bench/histogram.h"
#include "bench/load_loop.h"

#include <cstdint>

namespace ravelin::bench {

struct Tally {
  std::uint64_t requests = 0;  // answered inside the window
  std::uint64_t resumed = 0;   // of them on resumed connections
  double seconds = 0;          // the window's real length
  CpuTime gateway_cpu;         // spent inside the window
  CpuTime own_cpu;             // the load generator's
  Histogram latency;
};

// Runs the mode the options name. Errors are in the loop.
void run_load(const LoadOptions& options, LoadLoop& loop, Tally& tally);

}  // namespace ravelin::bench
