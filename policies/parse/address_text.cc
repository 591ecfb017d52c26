#include "policies/parse/address_text.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Errc;
using base::fail;
using base::Family;
using base::IpAddress;

constexpr std::size_t kHostMax = 253;
constexpr std::size_t kLabelMax = 63;
constexpr std::string_view kDelegated = "pd(";

constexpr std::string_view kBogonPrefixes[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",   "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4",   "::/96",        "100::/64",       "2001:2::/48",   "2001:10::/28",
    "3ffe::/16",     "fc00::/7",     "fec0::/10",      "ff00::/8"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return base::is_letter(c) || is_digit(c) || c == '-';
         });
}

base::Result<DelegatedPart> not_delegated() {
  return fail(Errc::invalid,
              "is not part of a delegated prefix (pd(ZONE,N)::SUFFIX or pd(ZONE,N)::/64)");
}

base::Result<AddressRange> parse_pair(std::string_view from, std::string_view to) {
  const auto first = base::parse_ip(from);
  const auto last = base::parse_ip(to);
  if (!first || !last) return fail(Errc::invalid, "is not a range of addresses");
  if (first->family != last->family)
    return fail(Errc::invalid, "is a range from one address family into the other");
  if (*last < *first) return fail(Errc::invalid, "is a range that ends before it begins");
  return AddressRange{*first, *last};
}

std::uint64_t upper_half(const IpAddress& address) {
  std::uint64_t half = 0;
  for (std::size_t i = 0; i < 8; ++i)
    half = half << 8 | address.bytes.at(i);
  return half;
}

AddressRanges make_bogons() {
  std::vector<AddressRange> ranges;
  for (const std::string_view text : kBogonPrefixes) {
    const auto prefix = base::parse_prefix(text);
    CHECK(prefix.has_value());
    ranges.push_back(range_of(*prefix));
  }
  return normalised(std::move(ranges));
}

}  // namespace

base::Result<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos)
    return parse_pair(base::trim(text.substr(0, dash)), base::trim(text.substr(dash + 1)));
  const auto prefix = base::parse_prefix(text);
  if (!prefix) return prefix.error();
  return range_of(*prefix);
}

bool looks_like_address(std::string_view text) {
  if (text.empty()) return false;
  const bool is_numeric = is_digit(text.front()) && std::ranges::all_of(text, [](char c) {
                            return is_digit(c) || c == '.' || c == '/' || c == '-' || c == ' ';
                          });
  return is_numeric || text.find(':') != std::string_view::npos || text.ends_with('/') ||
         (text.find('/') != std::string_view::npos && is_digit(text.back()));
}

bool is_dns_name(std::string_view text) {
  if (text.size() > kHostMax) return false;
  std::string_view label;
  int labels = 0;
  for (std::string_view rest = text; !rest.empty() || labels == 0; ++labels) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    label = rest.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == rest.size()) return labels > 0 && std::ranges::any_of(label, base::is_letter);
    rest.remove_prefix(dot + 1);
  }
  return false;
}

base::Result<DelegatedPart> parse_delegated_part(std::string_view text) {
  const std::size_t comma = text.find(',');
  const std::size_t close = text.find(')');
  if (!text.starts_with(kDelegated) || close == std::string_view::npos || comma > close)
    return not_delegated();
  DelegatedPart part;
  part.zone = base::trim(text.substr(kDelegated.size(), comma - kDelegated.size()));
  const auto subnet = base::parse_u64(base::trim(text.substr(comma + 1, close - comma - 1)));
  std::string_view suffix = text.substr(close + 1);
  if (const std::size_t slash = suffix.find('/'); slash != std::string_view::npos) {
    const auto length = base::parse_u64(suffix.substr(slash + 1));
    if (!length || *length < 64 || *length > 128) return not_delegated();
    part.length = static_cast<int>(*length);
    suffix = suffix.substr(0, slash);
  }
  const auto address = base::parse_ip(suffix);
  if (!subnet || !address || address->family != Family::ipv6 || upper_half(*address) != 0)
    return not_delegated();
  if (base::mask(*address, part.length) != *address)
    return fail(Errc::invalid, "has bits set behind its length");
  part.subnet = *subnet;
  part.suffix = *address;
  return part;
}

std::optional<AddressRange> part_of(const base::IpPrefix& prefix, const DelegatedPart& part) {
  if (prefix.address.family != Family::ipv6 || prefix.length > 64) return std::nullopt;
  const int subnet_bits = 64 - prefix.length;
  if (subnet_bits < 64 && (part.subnet >> subnet_bits) != 0) return std::nullopt;
  const std::uint64_t upper = upper_half(prefix.address) | part.subnet;
  IpAddress address = part.suffix;
  for (std::size_t i = 0; i < 8; ++i)
    address.bytes.at(i) = static_cast<std::uint8_t>(upper >> (56 - 8 * i));
  return range_of({address, part.length});
}

const AddressRanges& bogons() {
  static const AddressRanges ranges = make_bogons();
  return ranges;
}

}  // namespace ravelin::policies
