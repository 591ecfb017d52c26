#include "gateway/dns/resolve_once.h"

#include "gateway/dns/dns_client.h"

namespace ravelin::gateway {

std::string resolve_once(const DnsConfig& config, const std::string& name) {
  Reactor reactor;
  DnsConfig once = config;
  once.tries = 1;
  DnsClient client(reactor, once);
  std::string failure;
  const DnsQuestion question =
      client.ask_addresses(name, [&](const base::Result<DnsAddresses>& answer) {
        if (!answer) failure = answer.error().message;
        reactor.stop();
      });
  reactor.run();
  return failure;
}

}  // namespace ravelin::gateway
