// The load generator's command line.
#include "bench/load_options.h"

#include "bench/net.h"
#include "bench/pattern.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

namespace ravelin::bench {

namespace {

constexpr const char* kUsage =
    "usage: bench_load --mode keepalive|handshake|idle|rate --port N [--connections N] "
    "[--seconds S] [--warmup S] [--rate N] [--download BYTES | --upload BYTES] [--resume] "
    "[--server-name NAME] [--client-chain FILE --client-key FILE] [--targets FILE] [--pids N,N]";

[[noreturn]] void refuse() {
  errno = 0;
  die(kUsage);
}

LoadKind parse_mode(std::string_view text) {
  if (text == "keepalive") return LoadKind::keepalive;
  if (text == "handshake") return LoadKind::handshake;
  if (text == "idle") return LoadKind::idle;
  if (text == "rate") return LoadKind::rate;
  refuse();
}

double parse_number(const char* text, double low, double high) {
  char* end = nullptr;
  const double number = std::strtod(text, &end);
  if (end == text || *end != '\0' || number < low || number > high) refuse();
  return number;
}

std::vector<pid_t> parse_pids(const char* text) {
  std::vector<pid_t> pids;
  std::istringstream list(text);
  for (std::string pid; std::getline(list, pid, ',');) {
    pids.push_back(static_cast<pid_t>(parse_number(pid.c_str(), 1, 1e9)));
  }
  return pids;
}

void parse_pair(LoadOptions& options, std::string_view name, const char* value) {
  const auto bytes = [value] {
    return static_cast<std::size_t>(parse_number(value, 0, double{kBodyBytesMax}));
  };
  if (name == "--mode") {
    options.mode = parse_mode(value);
  } else if (name == "--port") {
    options.port = parse_port(value);
  } else if (name == "--connections") {
    options.connections = static_cast<unsigned>(parse_number(value, 1, 1e6));
  } else if (name == "--seconds") {
    options.seconds = parse_number(value, 0.01, 3600);
  } else if (name == "--warmup") {
    options.warmup = parse_number(value, 0, 3600);
  } else if (name == "--rate") {
    options.rate = parse_number(value, 1, 1e7);
  } else if (name == "--download") {
    options.download_bytes = bytes();
  } else if (name == "--upload") {
    options.upload_bytes = bytes();
  } else if (name == "--server-name") {
    options.identity.server_name = value;
  } else if (name == "--client-chain") {
    options.identity.chain = value;
  } else if (name == "--client-key") {
    options.identity.key = value;
  } else if (name == "--targets") {
    options.targets = value;
  } else if (name == "--pids") {
    options.pids = parse_pids(value);
  } else {
    refuse();
  }
}

}  // namespace

LoadOptions parse_load_options(int argc, char** argv) {
  LoadOptions options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--resume") == 0) {
      options.resume = true;
    } else if (i + 1 < argc) {
      parse_pair(options, argv[i], argv[i + 1]);
      ++i;
    } else {
      refuse();
    }
  }
  if (options.port == 0) refuse();
  return options;
}

}  // namespace ravelin::bench
