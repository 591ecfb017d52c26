#include "tests/support/fake_elements.h"

#include <algorithm>

namespace ravelin::firewall {

const Bytes& last_of(const Element& element) {
  return element.key_end.empty() ? element.key : element.key_end;
}

bool overlap(const Set& set, const Element& a, const Element& b) {
  std::size_t at = 0;
  for (const Field field : set.key) {
    const std::size_t bytes = (std::size_t{info(field).bytes} + 3) / 4 * 4;
    const auto part = [&](const Bytes& key) {
      return Bytes(key.begin() + static_cast<long>(std::min(at, key.size())),
                   key.begin() + static_cast<long>(std::min(at + bytes, key.size())));
    };
    if (part(last_of(a)) < part(b.key) || part(last_of(b)) < part(a.key)) return false;
    at += bytes;
  }
  return true;
}

std::vector<Element> elements_of(const KeyBlock& block) {
  std::vector<Element> made;
  const long width = block.key_bytes;
  for (auto key = block.keys.begin(); key != block.keys.end();) {
    Element element;
    element.key.assign(key, key + width);
    key += width;
    if (block.is_interval) {
      element.key_end.assign(key, key + width);
      key += width;
    }
    made.push_back(std::move(element));
  }
  return made;
}

}  // namespace ravelin::firewall
