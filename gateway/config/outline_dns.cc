// `dns` of an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"

namespace ravelin::gateway {

using base::format_duration;

void add_dns(Outline& root, const DnsConfig& dns) {
  Outline& out = root.map("dns");
  if (!dns.servers.empty()) {
    Outline& servers = out.list("servers");
    for (const base::IpEndpoint& server : dns.servers)
      servers.text("", base::to_string(server));
  }
  out.word("timeout", format_duration(dns.timeout));
  out.number("tries", dns.tries);
  out.word("ttl_min", format_duration(dns.ttl_min));
  out.word("ttl_max", format_duration(dns.ttl_max));
  out.word("after_failure", format_duration(dns.after_failure));
}

}  // namespace ravelin::gateway
