// Boxes as elements: which fields a key has, and what is written out as single keys.
#include "firewall/compile/boxes.h"
#include "firewall/compile/key_bytes.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using policies::AddressRange;

constexpr std::uint64_t kPortsWrittenOut = 64;  // a range up to so many becomes points
constexpr std::uint64_t kAddressesWrittenOut = 16;

std::uint64_t size_of(const AddressRange& range) {
  std::uint64_t count = 1;
  for (base::IpAddress at = range.first; at < range.last; at = policies::next(at)) {
    if (++count > kAddressesWrittenOut) break;
  }
  return count;
}

class ElementWriter {
 public:
  ElementWriter(const Shape& shape, const VerdictOf& verdict_of)
      : shape_(shape), fields_(fields_of(shape).size()), verdict_of_(verdict_of) {}

  [[nodiscard]] bool is_small(const KeyBox& box) const {
    if (shape_.has_from && size_of(box.from) > kAddressesWrittenOut) return false;
    if (shape_.has_to && size_of(box.to) > kAddressesWrittenOut) return false;
    return !has_ports() || std::uint64_t{box.last} - box.first < kPortsWrittenOut;
  }

  [[nodiscard]] Element range(const KeyBox& box) const {
    return {key(box.from.first, box.to.first, box.protocol, box.first),
            key(box.from.last, box.to.last, box.protocol, box.last), verdict(box)};
  }

  void points(const KeyBox& box, std::vector<Element>& out) const {
    for_each(shape_.has_from, box.from, [&](const base::IpAddress& from) {
      for_each(shape_.has_to, box.to, [&](const base::IpAddress& to) {
        const std::uint32_t last = has_ports() ? box.last : box.first;
        for (std::uint32_t port = box.first; port <= last; ++port)
          out.push_back(
              {key(from, to, box.protocol, static_cast<std::uint16_t>(port)), {}, verdict(box)});
      });
    });
  }

 private:
  [[nodiscard]] bool has_ports() const {
    return shape_.service != ServiceKey::none && shape_.service != ServiceKey::protocol;
  }

  [[nodiscard]] std::optional<Verdict> verdict(const KeyBox& box) const {
    return verdict_of_(box.rules);
  }

  template <class Function>
  static void for_each(bool is_in_key, const AddressRange& range, const Function& function) {
    for (base::IpAddress at = range.first;; at = policies::next(at)) {
      function(at);
      if (!is_in_key || at == range.last) return;
    }
  }

  [[nodiscard]] Bytes key(const base::IpAddress& from, const base::IpAddress& to,
                          std::uint8_t protocol, std::uint16_t port) const {
    KeyWriter writer(fields_);
    if (shape_.has_from) writer.add(address_bytes(from));
    if (shape_.has_to) writer.add(address_bytes(to));
    if (shape_.service == ServiceKey::protocol || shape_.service == ServiceKey::ports)
      writer.add({protocol});
    if (shape_.service == ServiceKey::ports) writer.add(port_bytes(port));
    if (shape_.service == ServiceKey::icmp || shape_.service == ServiceKey::icmpv6)
      writer.add({static_cast<std::uint8_t>(std::min<std::uint16_t>(port, 255))});
    return std::move(writer).take();
  }

  Shape shape_;
  std::size_t fields_;
  const VerdictOf& verdict_of_;
};

void sort_by_key(std::vector<Element>& elements) {
  std::sort(elements.begin(), elements.end(),
            [](const Element& a, const Element& b) { return a.key < b.key; });
}

}  // namespace

std::vector<Field> fields_of(const Shape& shape) {
  const bool is_v6 = shape.family == base::Family::ipv6;
  std::vector<Field> fields;
  if (shape.has_from) fields.push_back(is_v6 ? Field::ip6_saddr : Field::ip_saddr);
  if (shape.has_to) fields.push_back(is_v6 ? Field::ip6_daddr : Field::ip_daddr);
  switch (shape.service) {
    case ServiceKey::none:
      break;
    case ServiceKey::protocol:
      fields.push_back(Field::l4proto);
      break;
    case ServiceKey::ports:
      fields.push_back(Field::l4proto);
      fields.push_back(Field::th_dport);
      break;
    case ServiceKey::icmp:
      fields.push_back(Field::icmp_type);
      break;
    case ServiceKey::icmpv6:
      fields.push_back(Field::icmpv6_type);
      break;
  }
  return fields;
}

KeyElements elements_of(const Shape& shape, std::span<const KeyBox> boxes,
                        const VerdictOf& verdict_of) {
  const ElementWriter writer(shape, verdict_of);
  KeyElements elements;
  for (const KeyBox& box : boxes) {
    if (writer.is_small(box))
      writer.points(box, elements.points);
    else
      elements.ranges.push_back(writer.range(box));
  }
  // A few points beside ranges are ranges themselves: one lookup instead of two.
  constexpr std::size_t kWorthOwnLookup = 512;
  if (!elements.ranges.empty() && elements.points.size() < kWorthOwnLookup) {
    elements.points.clear();
    for (const KeyBox& box : boxes) {
      if (writer.is_small(box)) elements.ranges.push_back(writer.range(box));
    }
  }
  sort_by_key(elements.points);
  sort_by_key(elements.ranges);
  return elements;
}

}  // namespace ravelin::firewall
