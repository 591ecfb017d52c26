#include "gateway/dns/dns_question.h"

#include "base/handle.h"
#include "gateway/net/address.h"

#include <unistd.h>

#include <algorithm>

namespace ravelin::gateway {

using base::Errc;
using base::Error;
using base::fail;
using base::Family;
using base::IpAddress;
using base::Result;

namespace {

// Whether the kernel would know where to send; nothing is sent.
bool has_route(const IpAddress& address) {
  constexpr std::uint16_t kAnyPort = 9;
  const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const SocketAddress to = to_socket_address(base::IpEndpoint{address, kAnyPort});
  const bool connects = ::connect(fd, to.get(), to.length) == 0;
  ::close(fd);
  return connects;
}

}  // namespace

// A short form of RFC 6724 section 6: what has a route goes first (rule 1), then IPv6 before IPv4
// (rule 6, with its table, by which unique local addresses, fc00::/7, come after IPv4).
void sort_families(std::vector<IpAddress>& addresses) {
  const auto is_v6 = [](const IpAddress& one) { return one.family == Family::ipv6; };
  const auto first_v6 = std::ranges::find_if(addresses, is_v6);
  if (first_v6 == addresses.end() || std::ranges::all_of(addresses, is_v6)) return;
  const bool is_local = (first_v6->bytes[0] & 0xfeU) == 0xfc;
  const bool v6_first = !is_local && has_route(*first_v6);
  std::stable_partition(addresses.begin(), addresses.end(),
                        [&](const IpAddress& one) { return is_v6(one) == v6_first; });
}

namespace detail {

std::vector<RecordType> DnsQuestionState::types() const {
  if (is_for_addresses()) return {RecordType::a, RecordType::aaaa};
  return {RecordType::srv};
}

void DnsQuestionState::tell() {
  if (dropped) return;
  dropped = true;
  if (const auto* addresses = std::get_if<Result<DnsAddresses>>(&answer)) {
    std::get<DnsClient::OnAddresses>(ask)(*addresses);
  } else if (const auto* services = std::get_if<Result<DnsServices>>(&answer)) {
    std::get<DnsClient::OnServices>(ask)(*services);
  }
}

void DnsQuestionState::restart() {
  names.clear();
  next_name = 0;
  parts.clear();
  open_parts = 0;
  is_late = false;
  as_it_is.reset();
  deadline.reset();
}

Result<AnswerRecords> DnsQuestionState::judge() const {
  AnswerRecords all;
  std::optional<std::uint32_t> ttl_s;
  std::optional<Error> failure;
  for (const Part& part : parts) {
    if (!part.records) {
      if (!failure || failure->code == Errc::not_found) failure = part.records.error();
      continue;
    }
    if (part.records->empty()) continue;
    ttl_s = std::min(ttl_s.value_or(part.records->ttl_s), part.records->ttl_s);
    all.addresses.insert(all.addresses.end(), part.records->addresses.begin(),
                         part.records->addresses.end());
    all.services.insert(all.services.end(), part.records->services.begin(),
                        part.records->services.end());
  }
  all.ttl_s = ttl_s.value_or(0);
  if (!all.empty()) return all;
  if (failure) return *failure;
  return fail(Errc::not_found, "no such record");
}

void DnsQuestionState::fail_with(Error error) {
  if (is_for_addresses()) {
    answer = Result<DnsAddresses>(std::move(error));
  } else {
    answer = Result<DnsServices>(std::move(error));
  }
}

void DnsQuestionState::answer_with(const AnswerRecords& records, const DnsConfig& config) {
  if (!is_for_addresses()) {
    auto services = usable_services(records, config);
    if (services) {
      answer = std::move(services);
    } else {
      fail_with(base::wrap(services.error(), fmt::format("resolving \"{}\"", name)));
    }
    return;
  }
  auto addresses = usable_addresses(records, config);
  if (!addresses) {
    fail_with(base::wrap(addresses.error(), fmt::format("resolving \"{}\"", name)));
    return;
  }
  DnsAddresses found = std::move(*addresses);
  sort_families(found.addresses);
  for (const Part& part : parts) {
    if (part.records || part.records.error().code == Errc::not_found) continue;
    bool& lacks = part.type == RecordType::a ? found.lacks_ipv4 : found.lacks_ipv6;
    lacks = true;
    if (!found.remarks.empty()) found.remarks += "; ";
    found.remarks +=
        fmt::format("{} is not known: {}", to_string(part.type), part.records.error().message);
  }
  answer = Result<DnsAddresses>(std::move(found));
}

}  // namespace detail
}  // namespace ravelin::gateway
