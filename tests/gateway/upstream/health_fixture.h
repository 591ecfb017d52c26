// The health monitor with pools of servers on loopback, and the log it writes.
#pragma once

#include "base/check.h"
#include "base/io/log.h"
#include "gateway/upstream/health.h"
#include "tests/gateway/dns/name_server.h"
#include "tests/gateway/upstream/loopback.h"
#include "tests/gateway/upstream/watched_pools.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace ravelin::gateway::test {

using namespace std::chrono_literals;
using Manner = Backend::Manner;

// The health checks of these tests: quick, and patient enough for a busy machine.
inline HealthConfig quick_checks(HealthKind kind = HealthKind::http) {
  HealthConfig health;
  health.kind = kind;
  health.interval = 20ms;
  health.timeout = 10s;
  return health;
}

class Health : public testing::Test {
 public:
  ~Health() override { base::stop_log(); }

 protected:
  Health() : makes_(metrics_) {
    CHECK(base::start_log({.path = log_dir_.path("log")}).has_value());
  }

  static PoolConfig pool_of(const std::string& name,
                            std::initializer_list<const Backend*> backends) {
    PoolConfig pool;
    pool.name = name;
    for (const Backend* backend : backends) {
      ServerConfig server;
      server.address = backend->endpoint();
      server.name = fmt::format("s{}", pool.servers.size());
      pool.servers.push_back(server);
    }
    return pool;
  }

  std::shared_ptr<Server> use(const PoolConfig& config) {
    pools_ = {makes_.make(config)};
    monitor_->use(pools_);
    return server(0);
  }

  [[nodiscard]] std::shared_ptr<Server> server(std::size_t index) const {
    return pools_[0].pool->servers()[index];
  }

  [[nodiscard]] ServerStatus status(std::size_t index = 0) const {
    return monitor_->status().at(index);
  }

  bool becomes(const std::string& state, std::size_t index = 0) {
    return run_until(reactor_, [&] { return status(index).state == state; });
  }

  // How many lines of the log hold all of these. Ends the log.
  int logged(std::initializer_list<std::string_view> parts) {
    base::stop_log();
    std::ifstream file(log_dir_.path("log"));
    int count = 0;
    for (std::string line; std::getline(file, line);) {
      const bool holds = std::ranges::all_of(
          parts, [&](std::string_view part) { return line.find(part) != std::string::npos; });
      if (holds) ++count;
    }
    return count;
  }

  ravelin::test::TempDir log_dir_;
  Reactor reactor_;
  GatewayMetrics metrics_{1, "test"};
  PoolMaker makes_;
  std::vector<PoolRuntime> pools_;
  NameServer names_{reactor_};  // of whatever is not in /etc/hosts
  DnsClient dns_{reactor_, {.servers = {names_.endpoint()}, .ttl_max = 2s, .after_failure = 100ms}};
  std::unique_ptr<HealthMonitor> monitor_ =
      std::make_unique<HealthMonitor>(reactor_, metrics_, dns_);
};

}  // namespace ravelin::gateway::test
