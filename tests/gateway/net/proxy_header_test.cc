#include "gateway/net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

using namespace std::string_literals;
using Status = ProxyHeaderResult::Status;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

// Version 2 with this command and family byte, and `rest` behind the fixed part.
std::string v2(char command, char family, const std::string& rest) {
  return kSignature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + rest;
}

std::string tlv(char type, const std::string& value) {
  return std::string(1, type) + static_cast<char>(value.size() >> 8) +
         static_cast<char>(value.size() & 0xff) + value;
}

const std::string kV4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x01\xbb"s;
const std::string kV6 =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x67\x01\xbb"s;

// With a CRC32C of its own, changed by `off`.
std::string with_checksum(std::uint32_t off) {
  std::string header = v2('\x21', '\x11', kV4 + tlv(3, std::string(4, '\0')) + tlv(4, "pad"));
  const std::size_t at = 16 + kV4.size() + 3;
  const std::uint32_t sum = crc32c(header) + off;
  for (std::size_t i = 0; i < 4; ++i)
    header[at + i] = static_cast<char>(sum >> (24 - 8 * i));
  return header;
}

std::string text_of(const std::optional<base::IpEndpoint>& endpoint) {
  return endpoint ? base::to_string(*endpoint) : "-";
}

// "source destination", "more", or what is wrong.
std::string read(const std::string& bytes) {
  const ProxyHeaderResult result = parse_proxy_header(bytes);
  if (result.status == Status::bad) return std::string(result.detail);
  if (result.status == Status::need_more) return "more";
  return text_of(result.header.source) + " " + text_of(result.header.destination);
}

struct Case {
  const char* name;
  std::string bytes;
  std::string expected;
};

const std::string kFour = "192.0.2.1:4711 192.0.2.2:443";
const std::vector<Case> kCases = {
    {"v1 IPv4", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", kFour},
    {"v1 IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n",
     "[2001:db8::1]:4711 [2001:db8::2]:443"},
    {"v1 mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 4711 443\r\n", kFour},
    {"v1 unknown", "PROXY UNKNOWN\r\n", "- -"},
    {"v1 unknown with more", "PROXY UNKNOWN ffff::1 what ever\r\n", "- -"},
    {"v1 port 0", "PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\n", "192.0.2.1:0 192.0.2.2:65535"},
    {"v1 begun", "PROXY TCP4 192.0.2.1 192", "more"},
    {"one byte", "P", "more"},
    {"v1 without CR", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\n",
     "version 1: a line end without CR"},
    {"v1 other family", "PROXY UDP4 192.0.2.1 192.0.2.2 4711 443\r\n",
     "version 1: not TCP4, TCP6 or UNKNOWN"},
    {"v1 no family", "PROXY \r\n", "version 1: not TCP4, TCP6 or UNKNOWN"},
    {"v1 wrong family", "PROXY TCP6 192.0.2.1 192.0.2.2 4711 443\r\n",
     "version 1: an address of another family"},
    {"v1 bad address", "PROXY TCP4 192.0.2.256 192.0.2.2 4711 443\r\n",
     "version 1: not an address"},
    {"v1 two spaces", "PROXY TCP4  192.0.2.1 192.0.2.2 4711 443\r\n", "version 1: not an address"},
    {"v1 big port", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n", "version 1: not a port"},
    {"v1 octal port", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 0443\r\n", "version 1: not a port"},
    {"v1 no port", "PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", "version 1: not a port"},
    {"v1 more behind", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443 x\r\n", "version 1: not a port"},
    {"v1 CR inside", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 44\r3\r\n", "version 1: not a port"},
    {"v1 too long", "PROXY UNKNOWN " + std::string(107, 'x') + "\r\n",
     "version 1: no line end within 107 bytes"},
    {"v1 as long as can be", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "- -"},
    {"HTTP", "GET / HTTP/1.1\r\n", "the connection does not begin with a header"},
    {"TLS", "\x16\x03\x01\x02\x00"s, "the connection does not begin with a header"},
    {"almost v1", "PROXX", "the connection does not begin with a header"},
    {"almost v2", "\r\n\r\n\0\r\nQUITX"s, "the connection does not begin with a header"},
    {"v2 IPv4", v2('\x21', '\x11', kV4), kFour},
    {"v2 IPv6", v2('\x21', '\x21', kV6), "[2001:db8::1]:4711 [2001:db8::2]:443"},
    {"v2 TLVs", v2('\x21', '\x11', kV4 + tlv(2, "www.example.com") + tlv('\xee', "")), kFour},
    {"v2 checksum", with_checksum(0), kFour},
    {"v2 wrong checksum", with_checksum(1), "version 2: the checksum is wrong"},
    {"v2 short checksum", v2('\x21', '\x11', kV4 + tlv(3, "abc")),
     "version 2: a checksum that has not four bytes"},
    {"v2 local", v2('\x20', '\0', ""), "- -"},
    {"v2 local with addresses", v2('\x20', '\x11', kV4), "- -"},
    {"v2 local with anything", v2('\x20', '\xff', "\xff\xff\xff"), "- -"},
    {"v2 unspecified", v2('\x21', '\0', "anything"), "- -"},
    {"v2 datagram", v2('\x21', '\x12', kV4), "- -"},
    {"v2 Unix", v2('\x21', '\x31', std::string(216, 'u')), "- -"},
    {"v2 short Unix", v2('\x21', '\x31', std::string(215, 'u')),
     "version 2: shorter than its addresses"},
    {"v2 short IPv4", v2('\x21', '\x11', kV4.substr(1)), "version 2: shorter than its addresses"},
    {"v2 short IPv6", v2('\x21', '\x21', kV4), "version 2: shorter than its addresses"},
    {"v2 TLV without length", v2('\x21', '\x11', kV4 + "\x04\x00"s),
     "version 2: a TLV without its length"},
    {"v2 TLV too long", v2('\x21', '\x11', kV4 + "\x04\x00\x01"s),
     "version 2: a TLV beyond the header"},
    {"v2 unassigned family", v2('\x21', '\x41', kV4),
     "version 2: an unassigned family or transport"},
    {"v2 unassigned transport", v2('\x21', '\x13', kV4),
     "version 2: an unassigned family or transport"},
    {"v2 unassigned command", v2('\x22', '\x11', kV4), "version 2: an unknown command"},
    {"version 3", v2('\x31', '\x11', kV4), "version 2: another version in its command byte"},
    {"v2 begun", v2('\x21', '\x11', kV4).substr(0, 27), "more"},
    {"v2 at the limit", v2('\x21', '\0', std::string(4080, 'x')), "- -"},
    {"v2 over the limit", v2('\x21', '\0', std::string(4081, 'x')).substr(0, 16),
     "version 2: longer than 4096 bytes"},
};

TEST(ProxyHeader, ReadsWhatIsGoodAndSaysWhatIsNot) {
  for (const Case& each : kCases)
    EXPECT_EQ(read(each.bytes), each.expected) << each.name;
}

TEST(ProxyHeader, EndsWhereItEndsAndIsWantedUntilThen) {
  for (const std::string& header :
       {"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"s, v2('\x21', '\x11', kV4 + tlv(4, "xyz")),
        v2('\x20', '\0', "")}) {
    for (std::size_t size = 0; size < header.size(); ++size)
      EXPECT_EQ(parse_proxy_header(header.substr(0, size)).status, Status::need_more) << size;
    const auto result = parse_proxy_header(header + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(result.status, Status::complete);
    EXPECT_EQ(result.size, header.size());
  }
}

ProxyHeader endpoints(const char* source, const char* destination) {
  return {std::get<base::IpEndpoint>(*base::parse_endpoint(source)),
          std::get<base::IpEndpoint>(*base::parse_endpoint(destination))};
}

TEST(ProxyHeader, WhatIsWrittenReadsBack) {
  const ProxyTls tls{.version = "TLSv1.3",
                     .cipher = "TLS_AES_128_GCM_SHA256",
                     .client_name = "alice",
                     .has_verified_certificate = true};
  const std::string long_text(5000, 'x');
  for (const ProxyHeader& header :
       {endpoints("192.0.2.1:4711", "192.0.2.2:443"), endpoints("[2001:db8::1]:1", "[::1]:2"),
        endpoints("[2001:db8::1]:1", "192.0.2.2:443"), ProxyHeader{}}) {
    const std::string expected = text_of(header.source) + " " + text_of(header.destination);
    EXPECT_EQ(read(proxy_header_v1(header)), expected);
    EXPECT_EQ(read(proxy_header_v2(header, {})), expected);
    EXPECT_EQ(read(proxy_header_v2(header, {&tls, "www.example.com", "0123"})), expected);
    const ProxyExtras longest{&tls, long_text, long_text};
    EXPECT_EQ(read(proxy_header_v2(header, longest)), expected);
  }
  EXPECT_EQ(read(proxy_header_v2_local()), "- -");
}

TEST(ProxyHeader, IsWrittenAsTheSpecificationSays) {
  EXPECT_EQ(proxy_header_v1(endpoints("192.0.2.1:4711", "192.0.2.2:443")),
            "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n");
  EXPECT_EQ(proxy_header_v1({}), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(proxy_header_v2(endpoints("192.0.2.1:4711", "192.0.2.2:443"), {}),
            v2('\x21', '\x11', kV4));
  EXPECT_EQ(proxy_header_v2_local(), v2('\x20', '\0', ""));
  const ProxyTls plain{.version = "TLSv1.2", .cipher = "C", .client_name = {}};
  EXPECT_EQ(proxy_header_v2({}, {&plain, "h", "id"}),
            v2('\x21', '\0',
               tlv(2, "h") + tlv(5, "id") +
                   tlv(0x20, "\x01\0\0\0\x01"s + tlv(0x21, "TLSv1.2") + tlv(0x23, "C"))));
}

TEST(ProxyHeader, TheChecksumIsThatOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

}  // namespace
}  // namespace ravelin::gateway
