#include "cli/gateway_process.h"

#include "base/io/log.h"
#include "base/io/systemd.h"
#include "base/io/yaml.h"
#include "certs/config/parse_certs.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "gateway/admin/admin_server.h"
#include "gateway/config/check_files.h"
#include "gateway/config/parse.h"
#include "gateway/runtime/admin_adapter.h"

#include <boost/asio/signal_set.hpp>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace ravelin::cli {
namespace {

// Waits for the next signal, again and again.
class Signals {
 public:
  explicit Signals(gateway::Gateway& gateway)
      : gateway_(gateway), set_(gateway.reactor().io(), SIGHUP, SIGTERM, SIGINT) {
    set_.add(SIGUSR1);
    wait();
  }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      handle(signal);
      wait();
    });
  }

  void handle(int signal) {
    switch (signal) {
      case SIGHUP:
        static_cast<void>(gateway_.reload());  // logs what went wrong
        return;
      case SIGUSR1:
        gateway_.access_log().reopen();
        return;
      default:
        if (stopping_) {
          gateway_.stop();  // the second time means it
          return;
        }
        stopping_ = true;
        gateway_.shut_down();
    }
  }

  gateway::Gateway& gateway_;
  boost::asio::signal_set set_;
  bool stopping_ = false;
};

// What the service manager passed and wants to hear; without one, nothing.
base::Result<gateway::Gateway::Options> options_from_environment() {
  const auto look_up = [](const char* name) { return std::getenv(name); };
  auto service = base::parse_service_environment(look_up, ::getpid());
  if (!service) return service.error();
  gateway::Gateway::Options options;
  options.version = RAVELIN_VERSION;
  auto passed = gateway::PassedSockets::take(service->descriptors);
  if (!passed) return passed.error();
  options.passed_sockets = std::move(*passed);
  if (service->notify_socket.empty()) return options;
  options.state_changed = [notifier = base::ServiceNotifier(service->notify_socket)](
                              base::ServiceState state) { notifier.tell(state); };
  if (service->watchdog) options.alive_every = *service->watchdog / 3;
  return options;
}

// A socket nobody takes is a name misspelt, more often than not.
void warn_of_unused_sockets(const gateway::PassedSockets& passed, const gateway::Config& config) {
  for (const std::string& name : passed.names()) {
    const bool is_used = std::ranges::any_of(config.listeners, [&](const auto& listener) {
      return std::ranges::find(listener.passed_sockets, name) != listener.passed_sockets.end();
    });
    if (!is_used)
      base::log_warn("gateway", "a passed socket is used by no listener", {{"name", name}});
  }
}

gateway::ParsedConfig load(const std::string& path, base::Diagnostics& diagnostics) {
  base::yaml::DiskLoader loader;
  gateway::ParsedConfig parsed = gateway::load_config(path, loader, diagnostics);
  certs::check_certs(path, loader, diagnostics);
  gateway::check_files(parsed, diagnostics);
  return parsed;
}

}  // namespace

std::optional<gateway::Config> load_for_serving(const std::string& path) {
  base::Diagnostics diagnostics;
  gateway::ParsedConfig parsed = load(path, diagnostics);
  print_error(findings_text(diagnostics));
  if (!diagnostics.has_errors()) return std::move(parsed.config);
  print_error(count_text(diagnostics) + "; nothing was started\n");
  return std::nullopt;
}

base::Result<gateway::Config> load_for_serving_quietly(const std::string& path) {
  base::Diagnostics diagnostics;
  gateway::ParsedConfig parsed = load(path, diagnostics);
  if (!diagnostics.has_errors()) return std::move(parsed.config);
  return base::fail(base::Errc::invalid, "{}{}", findings_text(diagnostics),
                    count_text(diagnostics));
}

ExitCode run_gateway(const gateway::Config& config, gateway::Gateway::ConfigSource reload,
                     const ServeHooks& hooks) {
  prepare_process();
  std::signal(SIGPIPE, SIG_IGN);
  base::LogOptions log_options;
  if (const auto level = base::parse_log_level(config.log.level)) log_options.level = *level;
  if (config.log.sink == gateway::LogSink::journald) log_options.output = base::LogOutput::journald;
  if (config.log.sink == gateway::LogSink::syslog) log_options.output = base::LogOutput::syslog;
  log_options.socket = config.log.socket;
  const std::string user = config.user;
  if (const auto done = base::start_log(log_options); !done) return report(done.error());
  auto options = options_from_environment();
  if (!options) {
    base::stop_log();
    return report(options.error());
  }
  options->reload_config = std::move(reload);
  options->bans = hooks.bans;
  warn_of_unused_sockets(options->passed_sockets, config);
  auto gateway = gateway::Gateway::open(config, std::move(*options));
  if (!gateway) {
    base::stop_log();
    return report(gateway.error());
  }
  gateway::AdminAdapter admin_backend(**gateway);
  gateway::collect_gateway_metrics(**gateway);
  const gateway::AdminConfig& admin_config = (*gateway)->snapshot()->config->admin;
  auto admin = gateway::AdminServer::open((*gateway)->reactor(), admin_backend,
                                          {admin_config.socket, admin_config.listen});
  if (!admin) {
    base::stop_log();
    return report(admin.error());
  }
  if (const auto done = drop_privileges(user); !done) {
    base::stop_log();
    return report(done.error());
  }
  {
    const Signals signals(**gateway);  // before anybody is told that we are there
    for (const auto& [listener, address] : (*gateway)->bound()) {
      base::log_info("gateway", "listening", {{"listener", listener}, {"address", address}});
    }
    (*gateway)->reactor().post([&] {
      if (hooks.started) hooks.started(**gateway);
    });
    (*gateway)->run();
    if (hooks.stopped) hooks.stopped();
  }
  base::log_info("gateway", "stopped");
  admin->reset();
  gateway->reset();
  base::stop_log();
  return ExitCode::done;
}

}  // namespace ravelin::cli
