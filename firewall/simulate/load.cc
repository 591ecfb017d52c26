#include "firewall/simulate/load.h"

#include <algorithm>
#include <bit>

namespace ravelin::firewall::simulate {
namespace {

constexpr std::uint8_t kIpv4 = 2, kIpv6 = 10;
constexpr std::uint32_t kInvalid = 1, kEstablished = 2, kRelated = 4, kNew = 8, kUntracked = 64;
constexpr std::uint32_t kDnat = 32;
constexpr std::uint32_t kUnicast = 1, kLocal = 2, kBroadcast = 3, kMulticast = 5;
constexpr std::uint8_t kSyn = 2, kAck = 16;
constexpr std::int64_t kDay = 86400;
// What stands where ports would be in a packet that has none: a checksum, say.
constexpr std::uint16_t kNoPort = 0xbeef;

Bytes number(Field field, std::uint64_t value) {
  Bytes bytes(info(field).bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(value >> 8 * i);
  return big_endian(field, std::move(bytes));  // its own inverse
}

Bytes name(const std::string& interface) {
  Bytes bytes(16, 0);
  std::copy_n(interface.begin(), std::min<std::size_t>(interface.size(), 15), bytes.begin());
  return bytes;
}

Bytes address(const base::IpAddress& from) {
  const std::size_t bytes = from.family == base::Family::ipv4 ? 4 : 16;
  return {from.bytes.begin(), from.bytes.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

std::uint8_t family_of(const Passage& passage) {
  return passage.packet.source.family == base::Family::ipv4 ? kIpv4 : kIpv6;
}

std::uint32_t state_of(const Passage& passage) {
  if (passage.is_untracked) return kUntracked;
  if (!passage.is_tracked) return kInvalid;
  switch (passage.packet.state) {
    case policies::ConnState::new_:
      return kNew;
    case policies::ConnState::established:
      return kEstablished;
    case policies::ConnState::related:
      return kRelated;
    case policies::ConnState::invalid:
      return kInvalid;
  }
  return kInvalid;
}

std::uint16_t source_port(const policies::Packet& packet) {
  if (policies::has_ports(packet.protocol)) return packet.source_port;
  const bool is_icmp = packet.protocol == policies::kIcmp || packet.protocol == policies::kIcmpv6;
  return is_icmp ? static_cast<std::uint16_t>(packet.destination_port << 8) : kNoPort;
}

std::uint16_t destination_port(const policies::Packet& packet) {
  return policies::has_ports(packet.protocol) ? packet.destination_port : kNoPort;
}

std::uint16_t original_port(const Connection& connection) {
  return policies::has_ports(connection.protocol) ? connection.destination_port : kNoPort;
}

std::uint32_t kind_of(const base::IpAddress& to, const TableState& state) {
  const bool is_v4 = to.family == base::Family::ipv4;
  const bool is_everyone =
      is_v4 && std::all_of(to.bytes.begin(), to.bytes.begin() + 4, [](auto b) { return b == 255; });
  if (is_own(state, to)) return kLocal;
  if (is_everyone || std::count(state.broadcast.begin(), state.broadcast.end(), to) != 0)
    return kBroadcast;
  const bool is_multicast = is_v4 ? (to.bytes[0] & 0xf0) == 0xe0 : to.bytes[0] == 0xff;
  return is_multicast ? kMulticast : kUnicast;
}

// Without routes every source is where it should be.
std::uint32_t way_back(const Passage& passage, const TableState& state) {
  if (state.routes.empty()) return 1;
  const auto interface = interface_towards(state, passage.packet.source);
  return interface == passage.packet.in_interface ? 1 : 0;
}

std::int64_t wall_seconds(const Passage& passage) {
  return passage.packet.wall.time_since_epoch().count();
}

bool is_from_here(const Passage& passage) {
  return passage.packet.in_interface.empty();
}

std::optional<Bytes> load_unguarded(Field field, const Passage& passage, const TableState& state) {
  const policies::Packet& packet = passage.packet;
  switch (field) {
    case Field::iifname:
      return name(packet.in_interface);
    case Field::oifname:
      return name(packet.out_interface);
    case Field::nfproto:
      return number(field, family_of(passage));
    case Field::l4proto:
      return number(field, packet.protocol);
    case Field::ip_saddr:
    case Field::ip6_saddr:
      return address(packet.source);
    case Field::ip_daddr:
    case Field::ip6_daddr:
      return address(packet.destination);
    case Field::th_sport:
    case Field::tcp_sport:
    case Field::udp_sport:
      return number(field, source_port(packet));
    case Field::th_dport:
    case Field::tcp_dport:
    case Field::udp_dport:
      return number(field, destination_port(packet));
    case Field::tcp_flags:
      return number(field, packet.state == policies::ConnState::new_ ? kSyn : kAck);
    case Field::icmp_type:
    case Field::icmpv6_type:
      return number(field, packet.destination_port & 0xffU);
    case Field::ct_state:
      return number(field, state_of(passage));
    case Field::ct_status:
      return number(field, passage.is_turned ? kDnat : 0);
    case Field::mark:
    case Field::priority:
      return number(field, 0);
    case Field::skuid:  // who has no socket here has no owner
      return is_from_here(passage) ? std::optional(number(field, packet.uid)) : std::nullopt;
    case Field::socket_cgroup:
      return is_from_here(passage) ? std::optional(number(field, state.cgroup)) : std::nullopt;
    case Field::day:  // the first of January 1970 was a Thursday
      return number(field, static_cast<std::uint64_t>((wall_seconds(passage) / kDay + 4) % 7));
    case Field::hour:
      return number(field, static_cast<std::uint64_t>(wall_seconds(passage) % kDay));
    case Field::fib_daddr_type:
      return number(field, kind_of(packet.destination, state));
    case Field::fib_saddr_oif:
      return number(field, way_back(passage, state));
    case Field::ct_original_dport:
      return number(field, original_port(passage.connection));
    case Field::count_:
      break;
  }
  return std::nullopt;
}

Bytes masked(Bytes value, std::uint8_t bits) {
  for (std::size_t bit = bits; bit < value.size() * 8; ++bit)
    value[bit / 8] = static_cast<std::uint8_t>(value[bit / 8] & ~(0x80U >> bit % 8));
  return value;
}

}  // namespace

Bytes big_endian(Field field, Bytes value) {
  const bool is_name = field == Field::iifname || field == Field::oifname;
  if (info(field).is_host_order && !is_name && std::endian::native == std::endian::little)
    std::reverse(value.begin(), value.end());
  return value;
}

std::optional<Bytes> load(Field field, const Passage& passage, const TableState& state) {
  const FieldInfo& about = info(field);
  if (about.nfproto != 0 && about.nfproto != family_of(passage)) return std::nullopt;
  if (about.l4proto != 0 && about.l4proto != passage.packet.protocol) return std::nullopt;
  return load_unguarded(field, passage, state);
}

std::optional<Bytes> load(const Key& key, const Passage& passage, const TableState& state) {
  Bytes joined;
  for (const KeyPart& part : key) {
    std::optional<Bytes> value = load(part.field, passage, state);
    if (!value) return std::nullopt;
    if (part.mask_bits != 0) value = masked(*std::move(value), part.mask_bits);
    joined.insert(joined.end(), value->begin(), value->end());
    if (key.size() > 1) joined.resize((joined.size() + 3) / 4 * 4);
  }
  return joined;
}

}  // namespace ravelin::firewall::simulate
