#include "gateway/net/proxy_header.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ravelin::gateway {
namespace {

using Status = ProxyHeaderResult::Status;

constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::string_view kVersion1 = "PROXY ";
constexpr std::size_t kVersion1BytesMax = 107;
constexpr std::size_t kFixedBytes = 16;  // of version 2: signature, command, family, length
constexpr std::size_t kCrcTlv = 3;

ProxyHeaderResult bad(std::string_view detail) {
  return {Status::bad, {}, 0, detail};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t u16_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

// ---- version 1 ----

// The text up to the next space, which is taken too.
std::string_view take_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  const auto number = base::parse_u64(text);
  if (!number || has_leading_zero || text.size() > 5 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// "TCP4 192.0.2.1 192.0.2.2 4711 443", without the line end.
ProxyHeaderResult parse_line(std::string_view line) {
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return {Status::complete, {}, 0, {}};
  if (family != "TCP4" && family != "TCP6") return bad("version 1: not TCP4, TCP6 or UNKNOWN");
  const std::string_view from = take_word(line);
  const std::string_view to = take_word(line);
  const auto source_port = parse_port(take_word(line));
  const auto destination_port = parse_port(line);
  const auto source = base::parse_ip(from);
  const auto destination = base::parse_ip(to);
  if (!source || !destination) return bad("version 1: not an address");
  // By the text: an IPv4-mapped address is IPv6 here and IPv4 once parsed.
  const bool is_v6 = family == "TCP6";
  if ((from.find(':') != std::string_view::npos) != is_v6 ||
      (to.find(':') != std::string_view::npos) != is_v6)
    return bad("version 1: an address of another family");
  if (!source_port || !destination_port) return bad("version 1: not a port");
  ProxyHeaderResult result{Status::complete, {}, 0, {}};
  result.header.source = {*source, *source_port};
  result.header.destination = {*destination, *destination_port};
  return result;
}

ProxyHeaderResult parse_version1(std::string_view bytes) {
  const std::string_view window = bytes.substr(0, kVersion1BytesMax);
  const std::size_t end = window.find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() >= kVersion1BytesMax) return bad("version 1: no line end within 107 bytes");
    return {};
  }
  if (window[end - 1] != '\r') return bad("version 1: a line end without CR");
  ProxyHeaderResult result =
      parse_line(window.substr(kVersion1.size(), end - 1 - kVersion1.size()));
  if (result.status == Status::complete) result.size = end + 1;
  return result;
}

// ---- version 2 ----

base::IpAddress address_from(std::string_view bytes, base::Family family) {
  base::IpAddress address;
  address.family = family;
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (family == base::Family::ipv6 &&
      std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    base::IpAddress v4;
    std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
    return v4;
  }
  return address;
}

// The checksum is over the whole header with its own value as zeroes.
bool is_checksum_right(std::string_view header, std::size_t value_at) {
  std::string copy(header);
  std::uint32_t sent = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    sent = sent << 8 | byte_at(header, value_at + i);
    copy[value_at + i] = '\0';
  }
  return crc32c(copy) == sent;
}

// Empty when the TLVs of `header` from `at` on fill it exactly and hold no wrong checksum.
std::string_view flaw_of_tlvs(std::string_view header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return "version 2: a TLV without its length";
    const std::uint8_t type = byte_at(header, at);
    const std::size_t length = u16_at(header, at + 1);
    at += 3;
    if (header.size() - at < length) return "version 2: a TLV beyond the header";
    if (type == kCrcTlv) {
      if (length != 4) return "version 2: a checksum that has not four bytes";
      if (!is_checksum_right(header, at)) return "version 2: the checksum is wrong";
    }
    at += length;
  }
  return {};
}

struct FamilyRow {
  std::uint8_t family;
  std::size_t address_bytes;  // of both endpoints
};

// AF_UNSPEC has no layout: what follows is skipped whole.
constexpr FamilyRow kFamilies[] = {{1, 12}, {2, 36}, {3, 216}};

// Of a datagram only the framing is looked at: this is none (section 2.2 allows that).
ProxyHeaderResult parse_addresses(std::string_view header, std::uint8_t family,
                                  std::uint8_t transport) {
  ProxyHeaderResult result{Status::complete, {}, header.size(), {}};
  if (family == 0) return result;
  const FamilyRow& row = kFamilies[family - 1];
  if (header.size() < kFixedBytes + row.address_bytes)
    return bad("version 2: shorter than its addresses");
  const std::string_view flaw = flaw_of_tlvs(header, kFixedBytes + row.address_bytes);
  if (!flaw.empty()) return bad(flaw);
  if (family == 3 || transport != 1) return result;
  const std::size_t each = family == 1 ? 4 : 16;
  const base::Family kind = family == 1 ? base::Family::ipv4 : base::Family::ipv6;
  const std::size_t ports = kFixedBytes + 2 * each;
  result.header.source = {address_from(header.substr(kFixedBytes, each), kind),
                          u16_at(header, ports)};
  result.header.destination = {address_from(header.substr(kFixedBytes + each, each), kind),
                               u16_at(header, ports + 2)};
  return result;
}

ProxyHeaderResult parse_version2(std::string_view bytes) {
  if (bytes.size() < kFixedBytes) return {};
  const std::uint8_t command = byte_at(bytes, 12);
  const std::uint8_t family = byte_at(bytes, 13) >> 4;
  const std::uint8_t transport = byte_at(bytes, 13) & 0x0f;
  if (command >> 4 != 2) return bad("version 2: another version in its command byte");
  if ((command & 0x0f) > 1) return bad("version 2: an unknown command");
  const std::size_t size = kFixedBytes + u16_at(bytes, 14);
  if (size > kProxyHeaderBytesMax) return bad("version 2: longer than 4096 bytes");
  const bool is_local = (command & 0x0f) == 0;
  // LOCAL: the family is ignored too. Else section 2.2: unassigned values end the connection.
  if (!is_local && (family > 3 || transport > 2))
    return bad("version 2: an unassigned family or transport");
  if (bytes.size() < size) return {};
  if (is_local || transport == 0) return {Status::complete, {}, size, {}};
  return parse_addresses(bytes.substr(0, size), family, transport);
}

}  // namespace

ProxyHeaderResult parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  const std::string_view expected = bytes.front() == kVersion1.front() ? kVersion1 : kSignature;
  const std::size_t compared = std::min(bytes.size(), expected.size());
  if (bytes.substr(0, compared) != expected.substr(0, compared))
    return bad("the connection does not begin with a header");
  if (compared < expected.size()) return {};
  return expected == kVersion1 ? parse_version1(bytes) : parse_version2(bytes);
}

// ---- writing ----

namespace {

constexpr std::uint8_t kAuthorityTlv = 0x02;
constexpr std::uint8_t kUniqueIdTlv = 0x05;
constexpr std::uint8_t kSslTlv = 0x20;
constexpr std::uint8_t kSslVersionTlv = 0x21;
constexpr std::uint8_t kSslNameTlv = 0x22;
constexpr std::uint8_t kSslCipherTlv = 0x23;
constexpr std::size_t kTlvBytesMax = 255;  // of each value: names are no longer

void put_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}

void put_tlv(std::string& out, std::uint8_t type, std::string_view value) {
  out += static_cast<char>(type);
  put_u16(out, value.size());
  out += value;
}

void put_optional_tlv(std::string& out, std::uint8_t type, std::string_view value) {
  if (!value.empty()) put_tlv(out, type, value.substr(0, kTlvBytesMax));
}

// Section 2.2.6: client bits, four bytes that are zero for a verified certificate, then sub-TLVs.
void put_tls(std::string& out, const ProxyTls& tls) {
  const bool is_verified = tls.has_verified_certificate;
  std::string value;
  value += static_cast<char>(is_verified ? 0x07 : 0x01);  // SSL, CERT_CONN and CERT_SESS
  value.append(3, '\0');
  value += static_cast<char>(is_verified ? 0 : 1);
  put_optional_tlv(value, kSslVersionTlv, tls.version);
  put_optional_tlv(value, kSslNameTlv, tls.client_name);
  put_optional_tlv(value, kSslCipherTlv, tls.cipher);
  put_tlv(out, kSslTlv, value);
}

void put_address(std::string& out, const base::IpAddress& address, base::Family as) {
  const auto* bytes = reinterpret_cast<const char*>(address.bytes.data());
  if (as == base::Family::ipv4) {
    out.append(bytes, 4);
  } else if (address.family == base::Family::ipv6) {
    out.append(bytes, 16);
  } else {
    out.append(10, '\0');
    out.append(2, '\xff');
    out.append(bytes, 4);
  }
}

base::Family common_family(const base::IpEndpoint& a, const base::IpEndpoint& b) {
  const bool both_v4 =
      a.address.family == base::Family::ipv4 && b.address.family == base::Family::ipv4;
  return both_v4 ? base::Family::ipv4 : base::Family::ipv6;
}

std::string address_text(const base::IpAddress& address, base::Family as) {
  const bool is_mapped = as == base::Family::ipv6 && address.family == base::Family::ipv4;
  return (is_mapped ? "::ffff:" : "") + base::to_string(address);
}

std::string frame_v2(std::uint8_t command, std::uint8_t family, std::string_view rest) {
  std::string out(kSignature);
  out += static_cast<char>(0x20 | command);
  out += static_cast<char>(family);
  put_u16(out, rest.size());
  out += rest;
  return out;
}

}  // namespace

std::string proxy_header_v1(const ProxyHeader& header) {
  if (!header.source || !header.destination) return "PROXY UNKNOWN\r\n";
  const base::Family family = common_family(*header.source, *header.destination);
  return fmt::format("PROXY {} {} {} {} {}\r\n", family == base::Family::ipv4 ? "TCP4" : "TCP6",
                     address_text(header.source->address, family),
                     address_text(header.destination->address, family), header.source->port,
                     header.destination->port);
}

std::string proxy_header_v2(const ProxyHeader& header, const ProxyExtras& extras) {
  std::string rest;
  std::uint8_t family = 0;  // AF_UNSPEC
  if (header.source && header.destination) {
    const base::Family common = common_family(*header.source, *header.destination);
    family = common == base::Family::ipv4 ? 0x11 : 0x21;
    put_address(rest, header.source->address, common);
    put_address(rest, header.destination->address, common);
    put_u16(rest, header.source->port);
    put_u16(rest, header.destination->port);
  }
  put_optional_tlv(rest, kAuthorityTlv, extras.authority);
  put_optional_tlv(rest, kUniqueIdTlv, extras.request_id.substr(0, 128));
  if (extras.tls != nullptr) put_tls(rest, *extras.tls);
  return frame_v2(1, family, rest);
}

std::string proxy_header_v2_local() {
  return frame_v2(0, 0, {});
}

namespace {

constexpr std::array<std::uint32_t, 256> crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? value >> 1 ^ 0x82f63b78 : value >> 1;
    table[i] = value;
  }
  return table;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = crc32c_table();
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes)
    crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}

}  // namespace ravelin::gateway
