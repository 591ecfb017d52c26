#include "firewall/ruleset/nft_value.h"

#include "firewall/ruleset/nft_names.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

namespace ravelin::firewall::nft {
namespace {

std::string address_text(ByteView bytes) {
  // Not base::to_string: nft leaves the form to the C library (::ffff:1.2.3.4, ::1.2.3.4).
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

std::string interface_text(ByteView bytes) {
  const auto end = std::find(bytes.begin(), bytes.end(), std::uint8_t{0});
  std::string name(bytes.begin(), end);
  if (!name.empty() && name.back() == '*') name.insert(name.size() - 1, 1, '\\');
  return '"' + name + '"';
}

std::string hour_text(std::uint64_t seconds) {
  std::string text = fmt::format("\"{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) text += fmt::format(":{:02}", seconds % 60);
  return text + '"';
}

// The length of the prefix that first..last is, if it is one.
std::optional<int> prefix_length(ByteView first, ByteView last) {
  int length = 0;
  std::size_t at = 0;
  while (at < first.size() && first[at] == last[at])
    ++at;
  length = static_cast<int>(at) * 8;
  if (at == first.size()) return length;
  const auto differing = static_cast<std::uint8_t>(first[at] ^ last[at]);
  const int same = std::countl_zero(differing);
  const auto low = static_cast<std::uint8_t>(0xff >> same);
  if (differing != low || (first[at] & low) != 0) return std::nullopt;
  for (std::size_t rest = at + 1; rest < first.size(); ++rest) {
    if (first[rest] != 0 || last[rest] != 0xff) return std::nullopt;
  }
  return length + same;
}

}  // namespace

bool is_address(Field field) {
  return field == Field::ip_saddr || field == Field::ip_daddr || field == Field::ip6_saddr ||
         field == Field::ip6_daddr;
}

bool is_interface(Field field) {
  return field == Field::iifname || field == Field::oifname;
}

bool has_bits(Field field) {
  return field == Field::ct_state || field == Field::ct_status || field == Field::tcp_flags;
}

std::uint64_t number_of(Field field, ByteView value) {
  const bool is_little = info(field).is_host_order && std::endian::native == std::endian::little;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < value.size() && i < 8; ++i)
    number = number << 8 | value[is_little ? value.size() - 1 - i : i];
  return number;
}

std::string bits_text(Field field, std::uint64_t bits, std::string_view separator) {
  std::string text;
  std::uint64_t unnamed = bits;
  for (const Named& bit : names_of(field)) {
    if ((bits & bit.number) == 0) continue;
    if (!text.empty()) text += separator;
    text += bit.name;
    unnamed &= ~std::uint64_t{bit.number};
  }
  if (unnamed != 0 && !text.empty()) text += separator;
  if (unnamed != 0 || bits == 0) text += fmt::format("{:#x}", unnamed);
  return text;
}

std::string value_text(Field field, ByteView value, Words words) {
  if (is_address(field)) return address_text(value);
  if (is_interface(field)) return interface_text(value);
  const std::uint64_t number = number_of(field, value);
  if (has_bits(field)) return bits_text(field, number, " | ");
  if (field == Field::mark) return fmt::format("{:#010x}", number);
  if (field == Field::priority) return fmt::format("{:x}:{:x}", number >> 16, number & 0xffff);
  if (field == Field::hour) return hour_text(number);
  if (words == Words::names) {
    const std::string_view name = find_name(names_of(field), number);
    if (!name.empty()) return field == Field::day ? fmt::format("\"{}\"", name) : std::string(name);
  }
  return fmt::format("{}", number);
}

std::string range_text(Field field, ByteView first, ByteView last) {
  if (std::equal(first.begin(), first.end(), last.begin(), last.end()))
    return value_text(field, first);
  if (is_interface(field)) {
    const auto differing = std::mismatch(first.begin(), first.end(), last.begin());
    return pattern_text(first, static_cast<std::size_t>(differing.first - first.begin()));
  }
  if (is_address(field)) {
    const std::optional<int> length = prefix_length(first, last);
    if (length) return fmt::format("{}/{}", address_text(first), *length);
  }
  return value_text(field, first, Words::numbers) + "-" + value_text(field, last, Words::numbers);
}

std::string pattern_text(ByteView value, std::size_t bytes) {
  const ByteView start = value.first(std::min(bytes, value.size()));
  return '"' + std::string(start.begin(), start.end()) + "*\"";
}

std::string mask_text(Field field, std::uint8_t bits) {
  Bytes mask(info(field).bytes, 0);
  for (std::size_t bit = 0; bit < bits && bit < mask.size() * 8; ++bit)
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80U >> bit % 8);
  return address_text(mask);
}

std::string time_text(std::chrono::milliseconds time) {
  struct Unit {
    std::int64_t milliseconds;
    std::string_view name;
  };

  constexpr std::array<Unit, 5> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
  std::int64_t rest = time.count();
  std::string text;
  for (const Unit& unit : kUnits) {
    if (rest >= unit.milliseconds) text += fmt::format("{}{}", rest / unit.milliseconds, unit.name);
    rest %= unit.milliseconds;
  }
  return text.empty() ? "0s" : text;
}

std::string_view port_prefix(std::uint8_t protocol) {
  switch (protocol) {
    case 6:
    case 17:
    case 33:
    case 132:
    case 136:
      return find_name(names_of(Field::l4proto), protocol);
    default:
      return "th";
  }
}

}  // namespace ravelin::firewall::nft
