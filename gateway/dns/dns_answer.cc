#include "gateway/dns/dns_answer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace ravelin::gateway {

using base::Errc;
using base::fail;
using base::Family;
using base::IpAddress;
using base::Result;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kRemarksMax = 3;
constexpr std::size_t kSearchMax = 6;  // of resolv.conf(5)
constexpr std::size_t kNameCharsMax = 253;

milliseconds clamp_ttl(std::uint32_t ttl_s, const DnsConfig& config) {
  const milliseconds ttl = std::chrono::seconds(ttl_s);
  return std::clamp(ttl, config.ttl_min, std::max(config.ttl_min, config.ttl_max));
}

// "0.0.0.0 is no address of a server, 1200 records of which 1000 are used".
class Remarks {
 public:
  void add(std::string text) {
    if (++count_ <= kRemarksMax) texts_.insert(std::move(text));
  }

  [[nodiscard]] std::string text() const {
    std::string all = fmt::format("{}", fmt::join(texts_, "; "));
    if (count_ > kRemarksMax) all += fmt::format("; and {} more", count_ - kRemarksMax);
    return all;
  }

 private:
  std::set<std::string> texts_;  // in an order that does not depend on the answer's
  std::size_t count_ = 0;
};

// The same ones each time, whatever order the answer has.
template <class T>
void cut(std::vector<T>& records, Remarks& remarks) {
  if (records.size() <= kDnsRecordsMax) return;
  remarks.add(fmt::format("{} records, of which {} are used", records.size(), kDnsRecordsMax));
  std::ranges::sort(records);
  records.resize(kDnsRecordsMax);
}

std::string_view unusable_service(const ServiceRecord& service) {
  if (service.target.empty()) return "the service is not offered (target \".\")";
  if (service.port == 0) return "port 0";
  return {};
}

}  // namespace

std::string_view unusable_address(const IpAddress& address) {
  const auto& bytes = address.bytes;
  if (address.family == Family::ipv4) {
    if (bytes[0] == 0) return "unspecified";  // 0.0.0.0/8: RFC 1122 section 3.2.1.3
    if (bytes[0] >= 224 && bytes[0] < 240) return "multicast";
    if (bytes[0] >= 240)
      return bytes == IpAddress{.bytes = {255, 255, 255, 255}}.bytes ? "broadcast" : "reserved";
    return {};
  }
  if (std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; })) return "unspecified";
  return bytes[0] == 0xff ? "multicast" : std::string_view();
}

Result<DnsAddresses> usable_addresses(const AnswerRecords& records, const DnsConfig& config) {
  DnsAddresses answer;
  Remarks remarks;
  std::set<IpAddress> seen;
  for (const IpAddress& address : records.addresses) {
    if (!seen.insert(address).second) continue;
    const std::string_view flaw = unusable_address(address);
    if (flaw.empty()) {
      answer.addresses.push_back(address);
    } else {
      remarks.add(fmt::format("{} ({})", base::to_string(address), flaw));
    }
  }
  if (answer.addresses.empty()) {
    if (seen.empty()) return fail(Errc::not_found, "no address");
    return fail(Errc::not_found, "no address that a server can have: {}", remarks.text());
  }
  cut(answer.addresses, remarks);
  answer.ttl = clamp_ttl(records.ttl_s, config);
  answer.remarks = remarks.text();
  return answer;
}

Result<DnsServices> usable_services(const AnswerRecords& records, const DnsConfig& config) {
  DnsServices answer;
  Remarks remarks;
  std::vector<ServiceRecord> sorted = records.services;
  // Of one target and port in several records the first of this order stays: the least priority,
  // then the greatest weight.
  std::ranges::sort(sorted, [](const ServiceRecord& a, const ServiceRecord& b) {
    return std::tuple(a.priority, b.weight, std::tie(a.target, a.port)) <
           std::tuple(b.priority, a.weight, std::tie(b.target, b.port));
  });
  std::set<std::pair<std::string_view, std::uint16_t>> seen;
  for (const ServiceRecord& service : sorted) {
    if (!seen.emplace(service.target, service.port).second) continue;
    const std::string_view flaw = unusable_service(service);
    if (flaw.empty()) {
      answer.services.push_back(service);
    } else if (service.target.empty()) {
      remarks.add(std::string(flaw));
    } else {
      remarks.add(fmt::format("{} ({})", service.target, flaw));
    }
  }
  if (answer.services.empty()) {
    if (seen.empty()) return fail(Errc::not_found, "no SRV record");
    return fail(Errc::not_found, "no server that can be used: {}", remarks.text());
  }
  if (answer.services.size() > kDnsRecordsMax) {
    remarks.add(
        fmt::format("{} records, of which {} are used", answer.services.size(), kDnsRecordsMax));
    answer.services.resize(kDnsRecordsMax);
  }
  answer.ttl = clamp_ttl(records.ttl_s, config);
  answer.remarks = remarks.text();
  return answer;
}

std::vector<IpAddress> merge_addresses(std::span<const IpAddress> before,
                                       const DnsAddresses& answer) {
  std::vector<IpAddress> merged = answer.addresses;
  for (const IpAddress& address : before) {
    const bool is_lacking = address.family == Family::ipv4 ? answer.lacks_ipv4 : answer.lacks_ipv6;
    if (is_lacking && std::ranges::find(merged, address) == merged.end()) merged.push_back(address);
  }
  return merged;
}

milliseconds failure_pause(const DnsConfig& config, unsigned failures) {
  const unsigned doublings = failures == 0 ? 0 : std::min(failures - 1, 3U);
  return config.after_failure * (1 << doublings);
}

std::vector<std::string> names_to_ask(const std::string& name, std::span<const std::string> search,
                                      int ndots) {
  if (name.ends_with('.')) return {name};
  std::vector<std::string> names;
  for (const std::string& domain : search.first(std::min(search.size(), kSearchMax))) {
    if (domain.empty() || domain == ".") continue;
    if (name.size() + 1 + domain.size() <= kNameCharsMax)
      names.push_back(fmt::format("{}.{}", name, domain));
  }
  const auto dots = std::ranges::count(name, '.');
  names.insert(dots >= ndots ? names.begin() : names.end(), name);
  return names;
}

}  // namespace ravelin::gateway
