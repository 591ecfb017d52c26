// Response heads: status line, field lines, then the framing rules of RFC 9112 section 6.3. No I/O.
#include "gateway/http1/response_parser.h"

#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/field_line.h"
#include "gateway/http1/first_line.h"

#include <algorithm>

namespace ravelin::gateway::http1 {
namespace {

constexpr ParseResult refuse_response(std::string_view detail) {
  return {Reason::upstream_bad_response, detail};
}

// `line` without its CRLF. The space before an empty reason phrase may be missing: many servers
// leave it out.
ParseResult read_status_line(std::string_view line, const HeadLimits& limits, ResponseHead& out) {
  constexpr std::size_t kCodeDigits = 3;
  if (line.size() > limits.line_bytes_max) {
    return {Reason::upstream_header_too_large, "status line is over its limit"};
  }
  if (const auto version = read_status_version(line, out.minor_version); !version.ok()) {
    return version;
  }
  line.remove_prefix(kStatusVersionBytes);
  const bool has_code = line.size() >= kCodeDigits && line[0] >= '1' && line[0] <= '5' &&
                        is_in(line[1], digit_char) && is_in(line[2], digit_char) &&
                        (line.size() == kCodeDigits || line[kCodeDigits] == ' ');
  if (!has_code) return refuse_response("status code is not 100 to 599");
  out.status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  out.switches_protocol = out.status == 101;
  if (line.size() > kCodeDigits) out.reason_phrase = line.substr(kCodeDigits + 1);
  return {};
}

// Takes in the field in the list's next slot: as a framing value, or by keeping it there.
ParseResult take_field(const Field& field, FramingFields& framing, ResponseHead& out) {
  switch (field.id) {
    case FieldId::content_length:
      return add_content_length(framing, field.value);
    case FieldId::transfer_encoding:
      return add_transfer_encoding(framing, field.value);
    case FieldId::connection:
      if (const auto result = add_connection(out.connection, field.value); !result.ok()) {
        return result;
      }
      break;
    default:
      break;
  }
  out.fields.keep_slot();
  return {};
}

ParseResult read_fields(const char* at, const char* end, const HeadLimits& limits,
                        FramingFields& framing, ResponseHead& out) {
  const std::size_t count_max = std::min<std::size_t>(limits.field_count_max, kFieldCountCeiling);
  std::size_t count = 0;
  while (*at != '\r') {
    if (++count > count_max) {
      return {Reason::upstream_header_too_large, "field lines are over their limit"};
    }
    Field& field = out.fields.next_slot();
    const LineEnd line = read_field_line(at, end, field);
    if (line.next == nullptr) return refuse_response(line.wrong);
    at = line.next;
    if (const auto result = take_field(field, framing, out); !result.ok()) {
      return refuse_response(result.detail);
    }
  }
  if (end - at != 2) return refuse_response("line starts with a carriage return");
  return {};
}

ParseResult decide_framing(const FramingFields& fields, Method request_method, ResponseHead& out) {
  if (const auto result = check_framing(fields, out.minor_version); !result.ok()) {
    return refuse_response(result.detail);
  }
  out.content_length = fields.content_length;
  out.has_content_length = fields.has_content_length;
  const bool is_bodiless = out.status < 200 || out.status == 204;
  if (is_bodiless && (fields.is_chunked || fields.content_length != 0)) {
    return refuse_response("body announced for a status that has none");
  }
  if (is_bodiless || out.status == 304 || request_method == Method::head) {
    out.framing = Framing::none;
  } else if (fields.is_chunked) {
    out.framing = Framing::chunked;
  } else if (fields.has_content_length) {
    out.framing = Framing::length;
  } else {
    out.framing = Framing::until_close;
  }
  return {};
}

}  // namespace

void ResponseHead::clear() {
  status = 0;
  reason_phrase = {};
  minor_version = 1;
  framing = Framing::none;
  content_length = 0;
  has_content_length = false;
  keep_alive = false;
  switches_protocol = false;
  connection = {};
  fields.clear();
}

bool ResponseHead::connection_names(std::string_view field_name) const {
  return http1::connection_names(connection, fields, field_name);
}

ParseResult parse_response_head(std::string_view head, Method request_method,
                                const HeadLimits& limits, ResponseHead& out) {
  out.clear();
  if (head.size() > limits.header_bytes_max) {
    return {Reason::upstream_header_too_large, "head is over its limit"};
  }
  if (!head.ends_with("\r\n\r\n")) return refuse_response("head without an empty line");
  const char* const end = head.data() + head.size();
  const auto line = first_line_of(head);
  if (!line) return refuse_response("control character in the status line");
  FramingFields framing;
  if (const auto result = read_status_line(*line, limits, out); !result.ok()) return result;
  if (const auto result = read_fields(line->data() + line->size() + 2, end, limits, framing, out);
      !result.ok()) {
    return result;
  }
  if (const auto result = decide_framing(framing, request_method, out); !result.ok()) return result;
  if (out.switches_protocol && (!out.fields.has(FieldId::upgrade) || !out.connection.upgrade)) {
    return refuse_response("101 without an upgrade field");
  }
  out.keep_alive = is_persistent(out.connection, out.minor_version) &&
                   out.framing != Framing::until_close && !out.switches_protocol;
  return {};
}

}  // namespace ravelin::gateway::http1
