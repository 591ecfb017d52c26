#include "firewall/compile/interfaces.h"

#include "firewall/compile/key_bytes.h"
#include "policies/model/address_set.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using policies::AddressRange;
using policies::AddressRanges;

// Names are sixteen bytes compared from the left: what address sets do with IPv6 serves them too.
base::IpAddress as_number(std::string_view name, std::uint8_t fill) {
  base::IpAddress number{.family = base::Family::ipv6};
  const Bytes bytes = interface_bytes(name, fill);
  std::copy(bytes.begin(), bytes.end(), number.bytes.begin());
  return number;
}

Bytes as_bytes(const base::IpAddress& number) {
  return {number.bytes.begin(), number.bytes.end()};
}

bool is_prefix(const std::string& pattern) {
  return pattern.ends_with('*');
}

AddressRange range_of(const std::string& pattern) {
  if (!is_prefix(pattern)) return {as_number(pattern, 0), as_number(pattern, 0)};
  const std::string_view stem = std::string_view(pattern).substr(0, pattern.size() - 1);
  return {as_number(stem, 0), as_number(stem, 0xff)};
}

}  // namespace

InterfaceElements interface_elements(std::span<const InterfaceVerdict> patterns) {
  std::vector<InterfaceVerdict> sorted(patterns.begin(), patterns.end());
  // The most specific first: whole names, then the longest prefixes.
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    if (is_prefix(a.pattern) != is_prefix(b.pattern)) return is_prefix(b.pattern);
    return a.pattern.size() > b.pattern.size();
  });
  InterfaceElements result;
  AddressRanges taken;
  for (const InterfaceVerdict& one : sorted) {
    result.is_interval = result.is_interval || is_prefix(one.pattern);
    const AddressRanges whole{range_of(one.pattern)};
    for (const AddressRange& piece : policies::difference(whole, taken))
      result.elements.push_back({as_bytes(piece.first), as_bytes(piece.last), one.verdict});
    taken.push_back(whole.front());
    taken = policies::normalised(std::move(taken));
  }
  std::sort(result.elements.begin(), result.elements.end(),
            [](const Element& a, const Element& b) { return a.key < b.key; });
  if (!result.is_interval) {
    for (Element& element : result.elements)
      element.key_end.clear();
  }
  return result;
}

}  // namespace ravelin::firewall
