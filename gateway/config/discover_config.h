// `discover`: servers a pool finds besides those it lists. Values with their defaults; included by
// pool_config.h.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ravelin::gateway {

using base::SourcePos;

enum class DnsRecords {
  address,  // A and AAAA: each address is a server on `port`
  srv,      // RFC 2782: each target is a server, with its port, priority and weight
};

struct DnsDiscoveryConfig {
  SourcePos pos;
  std::string name;  // "app.internal", "_http._tcp.app.internal"
  DnsRecords records = DnsRecords::address;
  std::uint16_t port = 0;  // for DnsRecords::address

  // Where it is written does not count.
  friend bool operator==(const DnsDiscoveryConfig& a, const DnsDiscoveryConfig& b) {
    return a.name == b.name && a.records == b.records && a.port == b.port;
  }
};

// A YAML file of its own with a list `servers`, each as a pool lists them. Read again whenever it
// changes.
struct FileDiscoveryConfig {
  SourcePos pos;
  std::string path;
};

}  // namespace ravelin::gateway
