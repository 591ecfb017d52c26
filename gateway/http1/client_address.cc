#include "gateway/http1/client_address.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway::http1 {
namespace {

bool is_in(std::span<const base::IpPrefix> prefixes, const base::IpAddress& address) {
  return std::ranges::any_of(
      prefixes, [&](const base::IpPrefix& prefix) { return prefix.contains(address); });
}

// Cuts the last element off `list`; an empty list has none.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const bool is_lone = comma == std::string_view::npos;
  const std::string_view element = is_lone ? list : list.substr(comma + 1);
  list = is_lone ? std::string_view() : list.substr(0, comma);
  return base::trim(element);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<base::IpAddress> parse_forwarded_address(std::string_view element) {
  constexpr std::size_t kLongest = 53;  // "[…]:65535" around 45 characters
  if (element.empty() || element.size() > kLongest) return std::nullopt;
  std::string_view address = element;
  if (element.front() == '[') {
    const std::size_t end = element.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    address = element.substr(1, end - 1);
    const std::string_view rest = element.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    if (address.find(':') == std::string_view::npos) return std::nullopt;  // "[192.0.2.1]"
  } else if (std::ranges::count(element, ':') == 1) {
    const std::size_t colon = element.find(':');
    if (!is_port(element.substr(colon + 1))) return std::nullopt;
    address = element.substr(0, colon);
  }
  const auto parsed = base::parse_ip(address);
  if (!parsed) return std::nullopt;
  return *parsed;
}

base::IpAddress client_of(const base::IpAddress& peer, std::span<const base::IpPrefix> trusted,
                          const FieldList& fields) {
  base::IpAddress client = peer;
  if (trusted.empty() || !fields.has(FieldId::x_forwarded_for) || !is_in(trusted, peer))
    return client;
  int proxies = 1;
  for (std::size_t line = fields.size(); line-- > 0;) {
    if (fields[line].id != FieldId::x_forwarded_for) continue;
    for (std::string_view list = fields[line].value; !list.empty();) {
      const std::string_view element = take_last(list);
      if (element.empty()) continue;  // RFC 9110 section 5.6.1: empty elements say nothing
      const auto address = parse_forwarded_address(element);
      if (!address) return client;
      client = *address;
      if (!is_in(trusted, client) || ++proxies > kProxiesMax) return client;
    }
  }
  return client;
}

}  // namespace ravelin::gateway::http1
