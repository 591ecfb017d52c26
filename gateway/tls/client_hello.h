// The two things read from a raw ClientHello before OpenSSL decides anything. Pure functions over
// bytes from the internet; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::gateway {

// The body of a server_name extension (RFC 6066 section 3): its host name in lower case. nullopt
// when it is malformed: no or several host names, empty, longer than 255 bytes, a NUL or other byte
// outside visible ASCII.
std::optional<std::string> parse_server_name(std::span<const std::uint8_t> extension);

// The highest version of a supported_versions extension (RFC 8446 section 4.2.1), GREASE left out.
// 0 when it is malformed or lists none.
std::uint16_t parse_highest_version(std::span<const std::uint8_t> extension);

// Whether `protocol` is the only one of an ALPN extension (RFC 7301 section 3.1).
bool is_only_protocol(std::span<const std::uint8_t> extension, std::string_view protocol);

}  // namespace ravelin::gateway
