#include "gateway/config/parse_discover.h"

#include "gateway/config/parse_server.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

DnsDiscoveryConfig parse_dns_source(yaml::Map map) {
  DnsDiscoveryConfig dns;
  dns.pos = map.pos();
  map.required("name", dns.name, yaml::converted(parse_dns_name));
  map.optional("records", dns.records, yaml::one_of(kDnsRecords));
  map.optional("port", dns.port, yaml::between(1, 65'535));
  const bool has_port = map.has("port");
  if (dns.records == DnsRecords::srv && has_port)
    map.error("\"port\" and \"records: srv\" contradict each other: each record has its own port");
  if (dns.records == DnsRecords::address && !has_port)
    map.error("\"port\" is missing: an address record has none (or \"records: srv\")");
  return std::move(map).finish(std::move(dns));
}

FileDiscoveryConfig parse_file_source(yaml::Map map) {
  FileDiscoveryConfig file;
  file.pos = map.pos();
  map.required("path", file.path, yaml::path());
  return std::move(map).finish(std::move(file));
}

}  // namespace

DiscoverConfig parse_discover(yaml::Map map, const UpstreamProxyConfig& proxy) {
  DiscoverConfig discover;
  discover.pos = map.pos();
  discover.server.proxy_protocol = proxy;
  map.optional("dns", discover.dns, yaml::object(parse_dns_source));
  map.optional("file", discover.file, yaml::object(parse_file_source));
  const auto traits = [&proxy](yaml::Map each) {
    return parse_server_traits(std::move(each), proxy);
  };
  map.optional("server", discover.server, yaml::object(traits));
  map.optional("servers_max", discover.servers_max, yaml::between(std::size_t{1}, kServersMax));
  if (!map.has("dns") && !map.has("file"))
    map.error("needs a source: \"dns\" or \"file\", or both");
  if (map.has("server") && !map.has("dns"))
    map.error("\"server\" is for servers found by \"dns\"; a file says it of each of its own");
  return std::move(map).finish(std::move(discover));
}

}  // namespace ravelin::gateway
