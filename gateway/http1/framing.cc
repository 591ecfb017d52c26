// Framing decisions over single values. No I/O.
#include "gateway/http1/framing.h"

#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/list.h"

#include <limits>

namespace ravelin::gateway::http1 {
namespace {

constexpr std::uint64_t kLengthMax = std::numeric_limits<std::int64_t>::max();

constexpr ParseResult refuse_framing(std::string_view detail) {
  return {Reason::bad_framing, detail};
}

bool is_known_coding(std::string_view coding) {
  for (const std::string_view known : {"gzip", "x-gzip", "deflate", "compress", "x-compress"}) {
    if (base::iequals(coding, known)) return true;
  }
  return false;
}

// The slow half: the value is not "chunked".
ParseResult explain_transfer_encoding(std::string_view value) {
  std::string_view coding;
  std::string_view rest = value;
  bool all_known = true;
  while (next_element(rest, coding)) {
    if (base::iequals(coding, "chunked") && rest.data() == nullptr && all_known) {
      return {Reason::unsupported_coding, "transfer coding other than chunked"};
    }
    all_known = all_known && is_known_coding(coding);
  }
  return refuse_framing("transfer-encoding is not exactly \"chunked\"");
}

}  // namespace

ParseResult add_content_length(FramingFields& fields, std::string_view value) {
  if (value.empty()) return refuse_framing("empty content-length");
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!is_in(c, digit_char)) return refuse_framing("content-length is not a number");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kLengthMax - digit) / 10) return refuse_framing("content-length is too large");
    length = length * 10 + digit;
  }
  if (fields.has_content_length && fields.content_length != length) {
    return refuse_framing("content-length fields that differ");
  }
  fields.content_length = length;
  fields.has_content_length = true;
  return {};
}

ParseResult add_transfer_encoding(FramingFields& fields, std::string_view value) {
  if (!base::iequals(value, "chunked")) return explain_transfer_encoding(value);
  if (fields.is_chunked) return refuse_framing("transfer-encoding is given twice");
  fields.is_chunked = true;
  return {};
}

ParseResult check_framing(const FramingFields& fields, int minor_version) {
  if (!fields.is_chunked) return {};
  if (minor_version == 0) return refuse_framing("transfer-encoding in an HTTP/1.0 message");
  if (fields.has_content_length)
    return refuse_framing("content-length and transfer-encoding together");
  return {};
}

}  // namespace ravelin::gateway::http1
