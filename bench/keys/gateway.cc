// bench_gateway_keys here|apart CONFIG: a gateway whose private keys are in its own process, or in
// another one that it starts for itself, as the supervisor would. Ends on SIGTERM; the other
// process with it.
#include "gateway/runtime/gateway.h"

#include "base/io/yaml.h"
#include "bench/must.h"
#include "gateway/config/parse.h"
#include "gateway/tls/crypto_memory.h"
#include "gateway/tls/remote/remote_keys.h"
#include "system/keys/serve_keys.h"

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace ravelin::bench {
namespace {

using messages::SeqSocket;

// The gateway's end of a connection to a key process. Before this process has threads.
base::OwnedFd start_keys(const gateway::Config& config) {
  auto control = must(SeqSocket::make_pair());
  auto line = must(SeqSocket::make_pair());
  if (::fork() == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // The parent's ends.
    for (SeqSocket* end : {&control.first, &line.first, &line.second})
      const SeqSocket closed(std::move(*end));
    const system::KeysOptions options{.gateway = system::list_keys(config)};
    const auto done = system::run_keys(std::move(control.second), options);
    ::_exit(done ? 0 : 1);
  }
  const int handed = line.second.fd();
  must(control.first.send(
      {.message = messages::Hello{.role = messages::Role::gateway, .version = "bench"}},
      std::span(&handed, 1)));
  // Open as long as this process: the other one ends with it.
  static const SeqSocket kept = std::move(control.first);
  return base::OwnedFd(::dup(line.first.fd()));
}

int run(std::string_view way, const std::string& path) {
  base::Diagnostics diagnostics;
  base::yaml::DiskLoader loader;
  const gateway::ParsedConfig parsed = gateway::load_config(path, loader, diagnostics);
  if (diagnostics.has_errors()) return 1;
  gateway::Gateway::Options options;
  if (way == "apart") {
    std::vector<base::OwnedFd> lines;
    lines.push_back(start_keys(parsed.config));
    options.remote_keys = std::make_shared<gateway::RemoteKeys>();
    options.remote_keys->attach(std::move(lines));
  }
  const auto opened = must(gateway::Gateway::open(parsed.config, std::move(options)));
  boost::asio::signal_set ended(opened->reactor().io(), SIGTERM, SIGINT);
  ended.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) opened->stop();
  });
  opened->run();
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  ravelin::gateway::install_crypto_memory();
  const std::string_view way = argc == 3 ? argv[1] : "";
  if (way != "here" && way != "apart") {
    fmt::print(stderr, "usage: bench_gateway_keys here|apart CONFIG\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return ravelin::bench::run(way, argv[2]);
}
