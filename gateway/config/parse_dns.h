// `dns`: how names of servers are resolved.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/dns_config.h"

#include <string_view>

namespace ravelin::gateway {

DnsConfig parse_dns(base::yaml::Map map);

// "10.0.0.2", "10.0.0.2:5353", "2001:db8::2", "[2001:db8::2]:53"; port 53 unless it says another.
base::Result<base::IpEndpoint> parse_name_server(std::string_view text);

}  // namespace ravelin::gateway
