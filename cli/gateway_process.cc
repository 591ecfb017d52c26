#include "cli/gateway_process.h"

#include "base/io/log.h"
#include "base/io/systemd.h"
#include "base/io/yaml.h"
#include "certs/config/parse_certs.h"
#include "cli/privileges.h"
#include "cli/report.h"
#include "cli/roles/own_reach.h"
#include "gateway/admin/admin_server.h"
#include "gateway/config/check_files.h"
#include "gateway/config/parse.h"
#include "gateway/runtime/admin_adapter.h"
#include "gateway/tls/remote/remote_keys.h"
#include "system/derive/derive.h"

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
  // `hand_over`: another gateway goes on; nothing where that cannot be.
  Signals(gateway::Gateway& gateway, std::function<void()> hand_over)
      : gateway_(gateway),
        hand_over_(std::move(hand_over)),
        set_(gateway.reactor().io(), SIGHUP, SIGTERM, SIGINT) {
    set_.add(SIGUSR1);
    if (hand_over_) set_.add(SIGUSR2);
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
      case SIGUSR2:
        hand_over_();
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
  std::function<void()> hand_over_;
  boost::asio::signal_set set_;
  bool stopping_ = false;
};

// A socket nobody takes is a name misspelt, more often than not.
void warn_of_unused_sockets(const std::vector<std::string>& passed, const gateway::Config& config) {
  for (const std::string& name : passed) {
    const bool is_used = std::ranges::any_of(config.listeners, [&](const auto& listener) {
      return std::ranges::find(listener.passed_sockets, name) != listener.passed_sockets.end();
    });
    if (!is_used)
      base::log_warn("gateway", "a passed socket is used by no listener", {{"name", name}});
  }
}

gateway::ParsedConfig load(const std::string& path, base::Diagnostics& diagnostics) {
  base::yaml::DiskLoader loader;
  return read_whole(path, loader, diagnostics);
}

// Where the firewall is managed: what its rules cannot know of, and will not let through.
void warn_of_unknown(const gateway::Config& config, const std::string& path,
                     base::yaml::Loader& loader, base::Diagnostics& diagnostics) {
  if (!config.firewall || !config.firewall->manages) return;
  base::Diagnostics known;
  const certs::CertsConfig certs = certs::load_certs(path, loader, known);
  const system::DerivedRules rules = system::derive(config, certs, {});
  for (const base::Finding& finding : rules.findings.findings())
    diagnostics.warn(finding.pos, finding.key, finding.message + " (`firewall.manage`)");
}

}  // namespace

gateway::ParsedConfig read_whole(const std::string& path, base::yaml::Loader& loader,
                                 base::Diagnostics& diagnostics) {
  gateway::ParsedConfig parsed = gateway::load_config(path, loader, diagnostics);
  certs::check_certs(path, loader, diagnostics);
  gateway::check_files(parsed, diagnostics);
  if (!diagnostics.has_errors()) warn_of_unknown(parsed.config, path, loader, diagnostics);
  return parsed;
}

base::Result<Surroundings> own_surroundings(std::unique_ptr<gateway::OwnSockets>& opened) {
  const auto look_up = [](const char* name) { return std::getenv(name); };
  auto service = base::parse_service_environment(look_up, ::getpid());
  if (!service) return service.error();
  auto passed = gateway::PassedSockets::take(service->descriptors);
  if (!passed) return passed.error();
  std::vector<std::string> names = passed->names();
  opened = std::make_unique<gateway::OwnSockets>(std::move(*passed));
  Surroundings around{.sockets = opened.get(), .passed = std::move(names)};
  if (service->notify_socket.empty()) return around;
  around.state_changed = [notifier = base::ServiceNotifier(service->notify_socket)](
                             base::ServiceState state) { notifier.tell(state); };
  if (service->watchdog) around.alive_every = *service->watchdog / 3;
  return around;
}

base::Result<> start_configured_log(const gateway::LogConfig& config) {
  base::LogOptions options;
  if (const auto level = base::parse_log_level(config.level)) options.level = *level;
  if (config.sink == gateway::LogSink::journald) options.output = base::LogOutput::journald;
  if (config.sink == gateway::LogSink::syslog) options.output = base::LogOutput::syslog;
  options.socket = config.socket;
  return base::start_log(options);
}

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

namespace {

// Between the start of the log and its end.
ExitCode serve(const gateway::Config& config, gateway::Gateway::Options options,
               const Surroundings& around, const ServeHooks& hooks) {
  warn_of_unused_sockets(around.passed, config);
  auto gateway = gateway::Gateway::open(config, std::move(options));
  if (!gateway) return report(gateway.error());
  gateway::AdminAdapter admin_backend(**gateway);
  gateway::collect_gateway_metrics(**gateway);
  const gateway::AdminConfig& admin_config = (*gateway)->snapshot()->config->admin;
  auto admin =
      gateway::AdminServer::open((*gateway)->reactor(), admin_backend,
                                 {.socket = admin_config.socket,
                                  .listen = admin_config.listen,
                                  .sockets = around.keeper != nullptr ? around.sockets : nullptr});
  if (!admin) return report(admin.error());
  if (const auto done = drop_privileges(config.user); !done) return report(done.error());
  OwnReach reach;
  if (around.keeper != nullptr) {
    reach.look(config);
    (*gateway)->on_reloaded([&] { reach.look(*(*gateway)->snapshot()->config); });
  }
  {
    std::function<void()> hand_over;
    if (around.keeper != nullptr)
      hand_over = [&] {
        admin->reset();  // the other one answers there, too
        (*gateway)->hand_over();
      };
    // Before anybody is told that we are there.
    const Signals signals(**gateway, std::move(hand_over));
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
  return ExitCode::done;
}

}  // namespace

ExitCode run_gateway(const gateway::Config& config, gateway::Gateway::ConfigSource reload,
                     const Surroundings& around, const ServeHooks& hooks) {
  prepare_process();
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto done = start_configured_log(config.log); !done) return report(done.error());
  gateway::Gateway::Options options{.reload_config = std::move(reload),
                                    .reload_ended = around.reload_ended,
                                    .version = RAVELIN_VERSION,
                                    .sockets = around.sockets,
                                    .log_opener = around.log_opener,
                                    .keeper = around.keeper,
                                    .state_changed = around.state_changed,
                                    .alive_every = around.alive_every,
                                    .bans = hooks.bans,
                                    .remote_keys = around.keys};
  const ExitCode code = serve(config, std::move(options), around, hooks);
  if (around.keys) around.keys->stop();
  base::stop_log();
  return code;
}

}  // namespace ravelin::cli
