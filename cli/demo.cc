// `ravelin demo`: the whole gateway on one machine in one command: a local CA, three tiny backends,
// and a configuration to look at. Unprivileged; leaves the system's trust alone.
#include "base/io/file.h"
#include "base/io/log.h"
#include "base/io/task_group.h"
#include "certs/local_ca.h"
#include "cli/commands.h"
#include "cli/demo_backends.h"
#include "cli/demo_check.h"
#include "cli/gateway_process.h"
#include "cli/report.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

namespace ravelin::cli {
namespace {

using base::Result;

struct DemoOptions {
  std::string dir = "ravelin-demo";
  std::uint16_t port = 8443;
  bool check = false;
};

struct DemoFiles {
  std::string config;
  std::string ca;
  std::string ca_pem;
};

std::string config_text(const DemoOptions& options, const DemoBackends& backends) {
  std::string text = fmt::format(
      "# Written by `ravelin demo`; edit it and send SIGHUP, or look at it: `ravelin config show "
      "-c {0}/ravelin.yaml`.\n"
      "version: 1\n"
      "admin: {{ socket: admin.sock{1} }}\n"
      "listeners:\n"
      "  - name: demo\n"
      "    bind: [\"127.0.0.1:{2}\"]\n"
      "    tls: {{ certificates: [ {{ chain: localhost.crt, key: localhost.key, default: true }} "
      "], hsts: off }}\n"
      "    routes:\n"
      "      - {{ pool: demo }}\n"
      "pools:\n"
      "  - name: demo\n"
      "    balance: round_robin\n"
      "    servers:\n",
      options.dir, options.check ? "" : ", listen: \"127.0.0.1:9900\"", options.port);
  constexpr std::string_view kNames[] = {"one", "two", "three"};
  for (std::size_t i = 0; i < DemoBackends::kCount; ++i) {
    text += fmt::format("      - {{ name: {}, address: \"127.0.0.1:{}\" }}\n", kNames[i],
                        backends.ports()[i]);
  }
  text += "    health: { path: /healthz, interval: 1s, timeout: 500ms, rise: 1, fall: 2 }\n";
  return text;
}

Result<DemoFiles> write_files(const DemoOptions& options, const DemoBackends& backends) {
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) return base::fail(base::Errc::io, "{}: {}", options.dir, error.message());
  auto ca = certs::LocalCa::create({.common_name = "Ravelin demo CA"});
  if (!ca) return ca.error();
  auto pair = ca->issue({.names = {"localhost", "127.0.0.1", "::1"}});
  if (!pair) return pair.error();
  DemoFiles files{options.dir + "/ravelin.yaml", options.dir + "/ca.pem", ca->certificate_pem()};

  struct File {
    std::string path;
    std::string content;
    mode_t mode;
  };

  const File all[] = {{files.ca, files.ca_pem, 0644},
                      {options.dir + "/localhost.crt", certs::to_pem((*pair)->chain), 0644},
                      {options.dir + "/localhost.key", certs::key_to_pem((*pair)->key.get()), 0600},
                      {files.config, config_text(options, backends), 0644}};
  for (const File& file : all) {
    if (auto done = base::replace_file(file.path, file.content, file.mode); !done)
      return done.error();
  }
  return files;
}

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

// Drives the demo from the control thread's reactor, then shuts it down.
base::Task<void> run_check(gateway::Gateway& gateway, DemoTarget target, ExitCode& verdict) {
  constexpr int kRequests = 30;
  const auto answers = co_await drive_demo(gateway.reactor(), target, kRequests);
  verdict = ExitCode::could_not;
  if (!answers) {
    print_error("demo check: " + base::to_string(answers.error()) + "\n");
  } else {
    // One connection stays on one worker, whose turn is exact.
    bool equal = answers->size() == DemoBackends::kCount;
    std::string counts;
    for (const auto& [server, count] : *answers) {
      equal = equal && std::abs(count - kRequests / static_cast<int>(DemoBackends::kCount)) <= 1;
      counts += fmt::format(" {}={}", server, count);
    }
    print(fmt::format("demo check: {} of {} requests answered over verified TLS:{}\n", kRequests,
                      kRequests, counts));
    if (equal) verdict = ExitCode::done;
  }
  gateway.shut_down();
}

ExitCode demo(DemoOptions options) {
  if (options.check) options.port = 0;
  auto backends = DemoBackends::start();
  if (!backends) return report(backends.error());
  auto files = write_files(options, **backends);
  if (!files) return report(files.error());
  auto config = load_for_serving(files->config);
  if (!config) return ExitCode::refused;
  ExitCode verdict = ExitCode::done;
  base::TaskGroup tasks;
  const auto started = [&](gateway::Gateway& gateway) {
    const std::uint16_t port = port_of(gateway.bound().front().second);
    print(fmt::format("https://localhost:{}/  {}\n", port, files->ca));
    if (options.check) {
      tasks.spawn(run_check(gateway, {files->ca_pem, port}, verdict));
      return;
    }
    print(
        fmt::format("try: curl --cacert {} https://localhost:{}/   dashboard: "
                    "http://127.0.0.1:9900/   Ctrl-C ends\n",
                    files->ca, port));
  };
  const std::string path = files->config;
  const ExitCode code = run_gateway(*config, [path] { return load_for_serving_quietly(path); }, {},
                                    {.started = started});
  return code == ExitCode::done ? verdict : code;
}

}  // namespace

void add_demo(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command =
      app.add_subcommand("demo", "a gateway, a local CA and three tiny backends, on this machine");
  command->add_option("--dir", options->dir, "where its files go")->capture_default_str();
  command->add_option("--port", options->port, "of the HTTPS listener; 0 = a free one")
      ->capture_default_str();
  command->add_flag("--check", options->check,
                    "use free ports, drive it once, and exit 0 if that went well");
  command->callback([&chosen, options] { chosen = [options] { return demo(*options); }; });
}

}  // namespace ravelin::cli
