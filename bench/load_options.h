// What the load generator is asked to do: its command line as a value.
#pragma once

#include "bench/client.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::bench {

enum class LoadKind {
  keepalive,  // closed loop: every connection sends its next request when the answer is in
  handshake,  // every request on a connection of its own
  idle,       // opens all connections, one request each, and holds them
  rate,       // open loop: requests start when they are due, whether answers are in or not
};

struct LoadOptions {
  LoadKind mode = LoadKind::keepalive;
  std::uint16_t port = 0;
  unsigned connections = 64;
  double seconds = 4;    // measured, after the warm-up
  double warmup = 1;     // seconds
  double rate = 10'000;  // requests per second, mode rate
  std::size_t download_bytes = 1024;
  std::size_t upload_bytes = 0;  // > 0: POST this many instead
  bool resume = false;           // mode handshake
  Identity identity;
  std::string targets;      // file with a host and a path prefix per line; "" = server name, /
  std::vector<pid_t> pids;  // the gateway's processes, whose CPU time is read
};

// Exits 2 with the usage on a bad command line.
LoadOptions parse_load_options(int argc, char** argv);

}  // namespace ravelin::bench
