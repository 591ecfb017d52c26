// What a CA will find of the names: their addresses, who answers there, and whether their zones let
// it issue.
#include "base/text.h"
#include "certs/dns/zone_answer.h"
#include "certs/rotate/ca_limits.h"
#include "cli/certs/http_probe.h"
#include "cli/certs/lookup.h"
#include "cli/certs/rehearse.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ravelin::cli {
namespace {

namespace dns = certs::dns;
using base::IpAddress;
using certs::ChallengeType;
using certs::CheckLevel;
using Lines = RehearsalLines;

void note(Lines& lines, CheckLevel level, std::string_view code, std::string text) {
  lines.push_back({level, std::string(code), std::move(text)});
}

std::vector<IpAddress> own_addresses() {
  std::vector<IpAddress> all;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return all;
  for (const ifaddrs* at = found; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    IpAddress address;
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      std::memcpy(address.bytes.data(), &v4->sin_addr, sizeof v4->sin_addr);
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      address.family = base::Family::ipv6;
      std::memcpy(address.bytes.data(), &v6->sin6_addr, sizeof v6->sin6_addr);
    } else {
      continue;
    }
    all.push_back(address);
  }
  ::freeifaddrs(found);
  return all;
}

std::string addresses_text(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const IpAddress& address : addresses)
    texts.push_back(base::to_string(address));
  return base::join(texts, ", ");
}

// Of one name that is proved at its addresses; which of them are this machine's.
struct Found {
  std::vector<IpAddress> addresses;
  bool is_here = false;
};

Found check_addresses(Lookup& lookup, const std::string& name, Lines& lines) {
  Found found;
  if (const auto literal = base::parse_ip(name); literal) {
    found.addresses = {*literal};
  } else {
    auto answer = lookup.addresses(name);
    if (!answer) {
      note(lines, CheckLevel::warning, "E_DNS", "dns: " + answer.error().message);
      return found;
    }
    found.addresses = std::move(*answer);
  }
  if (found.addresses.empty()) {
    note(lines, CheckLevel::failed, "E_DNS", fmt::format("dns: {} has no address", name));
    return found;
  }
  const std::vector<IpAddress> own = own_addresses();
  found.is_here = std::ranges::any_of(found.addresses, [&](const IpAddress& address) {
    return std::ranges::find(own, address) != own.end();
  });
  const std::string text = fmt::format("dns: {} -> {}", name, addresses_text(found.addresses));
  if (found.is_here)
    note(lines, CheckLevel::ok, "", text + " (this machine)");
  else
    note(lines, CheckLevel::warning, "E_DNS_ELSEWHERE",
         text + ": none of this machine's addresses; something has to lead from there to here");
  return found;
}

// The records that count: of the name, else of the nearest domain above it that has some (RFC 8659
// section 3).
struct CaaFound {
  std::string at;  // "" = there are none
  std::vector<dns::CaaProperty> properties;
};

base::Result<CaaFound> find_caa(Lookup& lookup, std::string_view name) {
  while (!name.empty()) {
    const auto answer = lookup.ask(name, dns::Type::caa);
    if (!answer) return answer.error();
    auto properties = dns::caa_in(*answer);
    if (!properties.empty()) return CaaFound{std::string(name), std::move(properties)};
    const std::size_t dot = name.find('.');
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  }
  return CaaFound{};
}

void check_caa(Lookup& lookup, const certs::IssuerConfig& issuer, const std::string& name,
               Lines& lines) {
  const bool is_wildcard = name.starts_with("*.");
  const auto found = find_caa(lookup, is_wildcard ? std::string_view(name).substr(2) : name);
  if (!found)
    return note(lines, CheckLevel::warning, "E_CAA",
                fmt::format("caa: {}: {}", name, found.error().message));
  if (found->at.empty())
    return note(lines, CheckLevel::ok, "", fmt::format("caa: {}: any CA may issue", name));
  const std::string_view identity = certs::limits_of(issuer.directory).caa_identity;
  const std::string refusal = dns::caa_refusal(
      found->properties,
      identity.empty() ? std::vector<std::string>() : std::vector{std::string(identity)},
      is_wildcard);
  if (refusal.empty())
    return note(lines, CheckLevel::ok, "",
                fmt::format("caa: {}: {} lets {} issue", name, found->at,
                            identity.empty() ? std::string_view("any CA") : identity));
  // Who the CA is in these records, only it can say.
  const bool is_known = !identity.empty() || refusal == "no CA at all";
  note(lines, is_known ? CheckLevel::failed : CheckLevel::warning, "E_CAA",
       fmt::format("caa: {}: {} allows {}{}", name, found->at, refusal,
                   is_known ? "" : ", and whether that is " + issuer.name + " is not known"));
}

bool has(const certs::IssuerConfig& issuer, ChallengeType type) {
  return std::ranges::find(issuer.challenges, type) != issuer.challenges.end();
}

}  // namespace

void check_names(CertsDesk& desk, const CertsFlags& flags, const certs::IssuerConfig& issuer,
                 const RehearsalPlan& plan, RehearsalLines& lines) {
  Lookup lookup(flags);
  for (const std::string& name : plan.want.names) {
    const bool is_wildcard = name.starts_with("*.");
    const bool is_met_there = !is_wildcard && (has(issuer, ChallengeType::http_01) ||
                                               has(issuer, ChallengeType::tls_alpn_01));
    if (is_met_there) {
      const Found found = check_addresses(lookup, name, lines);
      if (plan.has_gateway && has(issuer, ChallengeType::http_01) && !found.addresses.empty())
        lines.push_back(probe_http(desk, name, found.addresses, plan.http_port, found.is_here));
    }
    if (!base::parse_ip(name)) check_caa(lookup, issuer, name, lines);
  }
}

}  // namespace ravelin::cli
