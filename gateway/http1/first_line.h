// The version at the end of a request line and at the start of a status line: what the scanner and
// the parsers both ask, so that a line that is no HTTP/1 line is refused as soon as it is complete.
// Pure; any thread.
#pragma once

#include "gateway/http1/parse_result.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace ravelin::gateway::http1 {

// The line a head starts with, without its CRLF; nothing when a control character is in it. `head`
// holds an empty line.
std::optional<std::string_view> first_line_of(std::string_view head);

inline constexpr std::size_t kRequestVersionBytes = 9;  // " HTTP/1.1"
inline constexpr std::size_t kStatusVersionBytes = 9;   // "HTTP/1.1 "

// `line` without its CRLF. Sets `minor_version` to 0 or 1. HTTP/0.9 (no version at all) and every
// other version are unsupported_version; a line that is no request line is bad_request_line.
ParseResult read_request_version(std::string_view line, int& minor_version);

// The same for a status line; everything else is upstream_bad_response.
ParseResult read_status_version(std::string_view line, int& minor_version);

}  // namespace ravelin::gateway::http1
