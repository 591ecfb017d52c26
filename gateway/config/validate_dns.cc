// `dns`: name servers that can be asked, once each; bounds of TTLs in their order. Pure.
#include "base/text.h"
#include "gateway/config/validate_parts.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

bool is_unspecified(const base::IpAddress& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

void validate_dns(const Config& config, Places& places) {
  const DnsConfig& dns = config.dns;
  const SourcePos file{config.path, 0, 0};
  for (std::size_t i = 0; i < dns.servers.size(); ++i) {
    const std::string key = fmt::format("dns.servers[{}]", i);
    const std::string text = base::to_string(dns.servers[i]);
    const auto before = dns.servers.begin() + static_cast<std::ptrdiff_t>(i);
    if (is_unspecified(dns.servers[i].address))
      places.error(key, file, fmt::format("{} is no address of a name server", text));
    if (std::find(dns.servers.begin(), before, dns.servers[i]) != before)
      places.error(key, file, fmt::format("{} is listed twice", text));
  }
  if (dns.ttl_max < dns.ttl_min) {
    places.error(
        places.is_written("dns.ttl_max") ? "dns.ttl_max" : "dns.ttl_min", file,
        fmt::format("\"ttl_max\" ({}) is less than \"ttl_min\" ({})",
                    base::format_duration(dns.ttl_max), base::format_duration(dns.ttl_min)));
  }
}

}  // namespace ravelin::gateway
