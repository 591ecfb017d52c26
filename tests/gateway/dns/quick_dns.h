// What tests of watched names share: a configuration that asks without a pause, and waiting until
// it has asked.
#pragma once

#include "gateway/config/dns_config.h"
#include "tests/gateway/dns/name_server.h"
#include "tests/gateway/upstream/loopback.h"

#include <string>

namespace ravelin::gateway::test {

// Every 20 ms, whatever TTL is said; failures too.
inline DnsConfig quick_dns(const NameServer& server) {
  using namespace std::chrono_literals;
  DnsConfig config;
  config.servers = {server.endpoint()};
  config.timeout = 10s;
  config.ttl_min = config.ttl_max = config.after_failure = 20ms;
  return config;
}

// Until it was asked for `times` more, A and AAAA. False: not in time.
inline bool wait_until_asked(Reactor& reactor, const NameServer& server, const std::string& name,
                             int times) {
  const int until = server.asked(name) + 2 * times;
  return run_until(reactor, [&] { return server.asked(name) >= until; });
}

}  // namespace ravelin::gateway::test
