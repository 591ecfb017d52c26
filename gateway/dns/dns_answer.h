// What answers are to those who asked: only what can be used, no more than can be used, with a
// lifetime that can be lived with. Pure; any thread.
#pragma once

#include "gateway/config/dns_config.h"
#include "gateway/dns/dns_message.h"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kDnsRecordsMax = 1'000;  // used of an answer

struct DnsAddresses {
  std::vector<base::IpAddress> addresses;  // each once; empty only if one of the two is missing
  std::chrono::milliseconds ttl{0};        // within ttl_min and ttl_max
  // The question for addresses of this family failed, which says nothing of whether there are any.
  bool lacks_ipv4 = false;
  bool lacks_ipv6 = false;
  std::string remarks;  // what of the answer is missing or not used, and why; empty = nothing
};

struct DnsServices {
  std::vector<ServiceRecord> services;  // each target and port once; at least one
  std::chrono::milliseconds ttl{0};
  std::string remarks;
};

// Why no server can have this address; empty = one can. Unspecified, multicast, broadcast.
std::string_view unusable_address(const base::IpAddress& address);

// Error (not_found): there is nothing that can be used.
base::Result<DnsAddresses> usable_addresses(const AnswerRecords& records, const DnsConfig& config);
base::Result<DnsServices> usable_services(const AnswerRecords& records, const DnsConfig& config);

// The addresses of a new answer; those of a family it lacks stay as they were before.
std::vector<base::IpAddress> merge_addresses(std::span<const base::IpAddress> before,
                                             const DnsAddresses& answer);

// When to ask again after so many failures in a row (1 = the first).
std::chrono::milliseconds failure_pause(const DnsConfig& config, unsigned failures);

// The names to ask for, one after the other, when `name` is meant: as resolv.conf(5) says of
// `search` and `ndots`. A name that ends in a dot is the whole name.
std::vector<std::string> names_to_ask(const std::string& name, std::span<const std::string> search,
                                      int ndots);

}  // namespace ravelin::gateway
