// load: drives one gateway and prints what it saw as one line of JSON. Every answer is checked to
// the last byte; the first error ends the run with exit code 1, so that no number ever rests on
// requests that were not served.
#include "bench/load_modes.h"
#include "bench/load_options.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace ravelin::bench {

namespace {

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  }
  return json + '"';
}

int load(const LoadOptions& options) {
  LoadLoop loop(options);
  Tally tally;
  run_load(options, loop, tally);
  const Histogram& latency = tally.latency;
  fmt::print(
      "{{\"requests\": {}, \"resumed\": {}, \"seconds\": {:.6f}, \"cpu_user_us\": {:.0f}, "
      "\"cpu_system_us\": {:.0f}, \"load_cpu_us\": {:.0f}, \"p50_us\": {:.1f}, \"p99_us\": {:.1f}, "
      "\"p999_us\": {:.1f}, "
      "\"max_us\": {:.1f}, \"handshakes\": {}, \"tickets\": {}, \"tls\": {}, \"error\": {}}}\n",
      tally.requests, tally.resumed, tally.seconds, tally.gateway_cpu.user_us,
      tally.gateway_cpu.system_us, tally.own_cpu.total_us(), latency.quantile_us(0.5),
      latency.quantile_us(0.99), latency.quantile_us(0.999), latency.max_us(), loop.handshakes(),
      loop.tickets(), quoted(loop.tls()), loop.has_failed() ? quoted(loop.first_error()) : "null");
  return loop.has_failed() ? 1 : 0;
}

}  // namespace

}  // namespace ravelin::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  return ravelin::bench::load(ravelin::bench::parse_load_options(argc, argv));
}
