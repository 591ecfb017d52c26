#include "firewall/compile/interfaces.h"

#include "firewall/compile/key_bytes.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

bool is_prefix(std::string_view pattern) {
  return pattern.ends_with('*');
}

std::string_view stem_of(std::string_view pattern) {
  return pattern.substr(0, pattern.size() - 1);
}

// How many prefixes stand inside each other below this one: 0 none.
std::size_t depth_of(std::string_view pattern, std::span<const InterfaceVerdict> patterns) {
  std::size_t depth = 0;
  for (const InterfaceVerdict& other : patterns) {
    const bool is_inside = is_prefix(other.pattern) && other.pattern.size() > pattern.size() &&
                           other.pattern.starts_with(stem_of(pattern));
    // Each step is a longer pattern, of at most sixteen characters.
    if (is_inside) depth = std::max(depth, depth_of(other.pattern, patterns) + 1);
  }
  return depth;
}

Element element_of(const InterfaceVerdict& one) {
  if (!is_prefix(one.pattern)) return {interface_bytes(one.pattern), {}, one.verdict};
  const std::string_view stem = stem_of(one.pattern);
  return {interface_bytes(stem), interface_bytes(stem, 0xff), one.verdict};
}

}  // namespace

InterfaceMaps interface_maps(std::span<const InterfaceVerdict> patterns) {
  InterfaceMaps result;
  std::vector<InterfaceMaps::Map> maps(1);
  for (const InterfaceVerdict& one : patterns) {
    if (one.pattern == "*") {
      result.otherwise = one.verdict;
      continue;
    }
    const std::size_t place = is_prefix(one.pattern) ? 1 + depth_of(one.pattern, patterns) : 0;
    if (maps.size() <= place) maps.resize(place + 1);
    maps[place].elements.push_back(element_of(one));
    maps[place].is_interval = place > 0;
  }
  for (InterfaceMaps::Map& map : maps) {
    if (map.elements.empty()) continue;
    std::sort(map.elements.begin(), map.elements.end(),
              [](const Element& a, const Element& b) { return a.key < b.key; });
    result.maps.push_back(std::move(map));
  }
  return result;
}

}  // namespace ravelin::firewall
