#include "firewall/simulate/lookup.h"

#include "firewall/simulate/load.h"

namespace ravelin::firewall::simulate {
namespace {

Bytes part(const Bytes& key, std::size_t at, Field field) {
  const auto first = key.begin() + static_cast<std::ptrdiff_t>(at);
  return big_endian(field, Bytes(first, first + info(field).bytes));
}

// Each field between its own ends.
bool is_between(const Set& set, const Element& element, const Bytes& key) {
  std::size_t at = 0;
  for (const Field field : set.key) {
    const Bytes value = part(key, at, field);
    if (value < part(element.key, at, field) || part(element.key_end, at, field) < value)
      return false;
    at += (std::size_t{info(field).bytes} + 3) / 4 * 4;
  }
  return true;
}

const Element* find_among(const Set& set, const std::vector<Element>& elements, const Bytes& key) {
  for (const Element& element : elements) {
    if (set.is_interval ? is_between(set, element, key) : element.key == key) return &element;
  }
  return nullptr;
}

bool is_over(const LiveElement& element, std::chrono::nanoseconds now) {
  return element.expires && *element.expires <= now;
}

}  // namespace

std::optional<Found> find(const Set& set, const Bytes& key, const TableState& state,
                          std::chrono::nanoseconds now) {
  if (const Element* element = find_among(set, set.elements, key)) return Found{element};
  const auto contents = state.contents.find(set.name);
  if (contents != state.contents.end()) {
    if (const Element* element = find_among(set, contents->second, key)) return Found{element};
  }
  const auto live = state.live.find(set.name);
  if (live == state.live.end()) return std::nullopt;
  const auto element = live->second.find(key);
  if (element == live->second.end() || is_over(element->second, now)) return std::nullopt;
  return Found{};
}

LiveElement* touch(const Set& set, const Bytes& key, const Update& update, TableState& state,
                   std::chrono::nanoseconds now) {
  std::map<Bytes, LiveElement>& elements = state.live[set.name];
  std::erase_if(elements, [&](const auto& entry) { return is_over(entry.second, now); });
  auto at = elements.find(key);
  const bool is_new = at == elements.end();
  if (is_new) {
    if (elements.size() >= announced_size(set)) return nullptr;
    at = elements.try_emplace(key).first;
  }
  const auto timeout = update.timeout ? update.timeout : set.timeout;
  if (set.has_timeout && timeout && (is_new || update.operation == Update::Operation::update))
    at->second.expires = now + *timeout;
  return &at->second;
}

}  // namespace ravelin::firewall::simulate
