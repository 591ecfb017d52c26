// The values a message is framed by: Content-Length and Transfer-Encoding. Every ambiguity
// between two readers of the same bytes is refused here, for requests and responses alike
// (RFC 9112 section 6). Pure, no allocation; any thread.
#pragma once

#include "gateway/http1/parse_result.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

enum class Framing : std::uint8_t { none, length, chunked, until_close };

// What the framing fields of one head said, all their lines together.
struct FramingFields {
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool is_chunked = false;
};

// Decimal digits only, at most 2^63 - 1; a list is refused. A second line must repeat the number.
ParseResult add_content_length(FramingFields& fields, std::string_view value);

// Exactly "chunked", in any letter case, on exactly one line. Another coding before a final chunked
// is unsupported_coding; everything else (unknown codings, parameters, empty elements, a second
// chunked) is bad_framing.
ParseResult add_transfer_encoding(FramingFields& fields, std::string_view value);

// Both kinds at once, and Transfer-Encoding in HTTP/1.0, are refused.
ParseResult check_framing(const FramingFields& fields, int minor_version);

}  // namespace ravelin::gateway::http1
