// What records mean as servers of a pool. Pure; any thread. Sources: RFC 2782 (SRV), RFC 9525
// section 6.1: no name that an answer gave is one to verify.
#pragma once

#include "gateway/config/pool_config.h"
#include "gateway/dns/dns_message.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct DnsServerList {
  std::vector<ServerConfig> servers;  // sorted, names unique
  std::size_t left_out = 0;           // beyond `servers_max`
};

// Each address is a server on `port`, named by both ("10.0.0.1:8080"), sorted by them. With TLS and
// no name of its own in `like`, the name that was asked for is the one verified.
DnsServerList servers_of(std::span<const base::IpAddress> addresses, std::uint16_t port,
                         const std::string& asked, const ServerConfig& like,
                         std::size_t servers_max);

// Each target and port is a server, named by both ("a.example:8080"), whose address is the target's
// name: priority and weight are the target's (RFC 2782), however many addresses it has or gets, and
// it keeps its state and sessions when they change. Sorted by priority, then name. Priorities
// become ranks (the least is `like.priority`, up to 15), weights 1 to 256, in proportion within a
// priority. With TLS `like` has the name to verify: a target comes from an answer that may be a
// lie.
DnsServerList servers_of(std::span<const ServiceRecord> services, const ServerConfig& like,
                         std::size_t servers_max);

}  // namespace ravelin::gateway
