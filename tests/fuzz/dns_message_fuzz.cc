// Answers of name servers: any bytes are records within their limits, or an error. The first byte
// chooses what was asked for.
#include "base/check.h"
#include "gateway/dns/dns_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using namespace ravelin::gateway;

bool is_host_name(const std::string& name) {
  return name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

void check_addresses(const AnswerRecords& records, const DnsConfig& config) {
  const auto answer = usable_addresses(records, config);
  if (!answer) return;
  CHECK(!answer->addresses.empty() && answer->addresses.size() <= kDnsRecordsMax);
  CHECK(answer->ttl >= config.ttl_min && answer->ttl <= config.ttl_max);
  for (const auto& address : answer->addresses)
    CHECK(unusable_address(address).empty());
}

void check_services(const AnswerRecords& records, const DnsConfig& config) {
  for (const ServiceRecord& service : records.services)
    CHECK(is_host_name(service.target));
  const auto answer = usable_services(records, config);
  if (!answer) return;
  CHECK(!answer->services.empty() && answer->services.size() <= kDnsRecordsMax);
  CHECK(answer->ttl >= config.ttl_min && answer->ttl <= config.ttl_max);
  for (const ServiceRecord& service : answer->services)
    CHECK(service.port != 0 && !service.target.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr RecordType kTypes[] = {RecordType::a, RecordType::aaaa, RecordType::srv};
  const RecordType type = kTypes[data[0] % 3];
  const auto records = parse_dns_answer({data + 1, size - 1}, type);
  if (!records) return 0;
  CHECK(records->addresses.empty() || records->services.empty());
  CHECK(records->ttl_s <= 0x7fffffff);
  const DnsConfig config;
  check_addresses(*records, config);
  check_services(*records, config);
  return 0;
}
