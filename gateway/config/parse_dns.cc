#include "gateway/config/parse_dns.h"

namespace ravelin::gateway {

namespace yaml = base::yaml;
using base::Errc;
using base::fail;
using base::IpEndpoint;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kNameServersMax = 8;
constexpr std::uint16_t kDnsPort = 53;

}  // namespace

Result<IpEndpoint> parse_name_server(std::string_view text) {
  if (const auto address = base::parse_ip(text)) return IpEndpoint{*address, kDnsPort};
  const auto endpoint = base::parse_endpoint(text);
  if (endpoint) {
    if (const auto* ip = std::get_if<IpEndpoint>(&*endpoint)) return *ip;
  }
  return fail(Errc::invalid,
              "is not an address of a name server (\"10.0.0.2\", \"10.0.0.2:5353\")");
}

DnsConfig parse_dns(yaml::Map map) {
  DnsConfig dns;
  map.optional("servers", dns.servers,
               yaml::one_or_list_of(yaml::converted(parse_name_server), 1, kNameServersMax));
  map.optional("timeout", dns.timeout, yaml::between(100ms, 30s));
  map.optional("tries", dns.tries, yaml::between(1, 10));
  map.optional("ttl_min", dns.ttl_min, yaml::between(100ms, 1h));
  map.optional("ttl_max", dns.ttl_max, yaml::between(100ms, 24h));
  map.optional("after_failure", dns.after_failure, yaml::between(100ms, 1h));
  return std::move(map).finish(std::move(dns));
}

}  // namespace ravelin::gateway
