// Request heads in order of arrival: request line, field lines, then what the fields mean together.
// No I/O.
#include "gateway/http1/request_parser.h"

#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/field_line.h"
#include "gateway/http1/first_line.h"
#include "gateway/http1/host.h"
#include "gateway/http1/list.h"

#include <algorithm>

namespace ravelin::gateway::http1 {
namespace {

constexpr std::size_t kMethodBytesMax = 32;

// What the field lines leave behind for the decisions made once all of them are read.
struct Seen {
  FramingFields framing;
  std::string_view host;
  bool has_host = false;
  bool has_expectation = false;
  std::uint32_t upgrade_lines = 0;
};

void take_authority(const HostParts& host, RequestHead& out) {
  out.authority = host.authority;
  out.host = host.host;
  out.port = host.port;
  out.has_port = host.has_port;
  out.host_has_upper = host.has_upper;
}

ParseResult read_method(std::string_view line, RequestHead& out) {
  std::size_t size = 0;
  while (size < line.size() && is_in(line[size], token_char))
    ++size;
  if (size == 0 || size == line.size() || line[size] != ' ') {
    return {Reason::bad_request_line, "method is not a token followed by one space"};
  }
  out.method_text = line.substr(0, size);
  if (size > kMethodBytesMax) return {Reason::unsupported_method, "method is over 32 bytes long"};
  out.method = find_method(out.method_text);
  if (out.method == Method::connect) {
    return {Reason::unsupported_method, "a gateway does not tunnel CONNECT"};
  }
  if (out.method == Method::trace) {
    return {Reason::unsupported_method, "TRACE would echo credentials"};
  }
  return {};
}

// `line` without its CRLF.
ParseResult read_request_line(std::string_view line, const HeadLimits& limits, RequestHead& out) {
  if (line.size() > limits.line_bytes_max) {
    return {Reason::line_too_long, "request line is over its limit"};
  }
  if (const auto version = read_request_version(line, out.minor_version); !version.ok()) {
    return version;
  }
  line.remove_suffix(kRequestVersionBytes);
  if (const auto method = read_method(line, out); !method.ok()) return method;
  out.target = line.substr(out.method_text.size() + 1);
  if (out.target.starts_with(' ')) {
    return {Reason::bad_request_line, "more than one space after the method"};
  }
  Target target;
  const ParseResult result = parse_target(out.target, out.method, target);
  out.target_form = target.form;
  out.target_scheme = target.scheme;
  out.path = target.path;
  out.query = target.query;
  out.has_query = target.has_query;
  if (target.form == TargetForm::absolute) take_authority(target.authority, out);
  return result;
}

ParseResult note_host(Seen& seen, std::string_view value) {
  if (seen.has_host) return {Reason::bad_host, "more than one host field"};
  seen.has_host = true;
  seen.host = value;
  return {};
}

ParseResult note_expectation(Seen& seen, std::string_view value) {
  if (!base::iequals(value, "100-continue")) {
    return {Reason::unsupported_expectation, "expectation other than 100-continue"};
  }
  seen.has_expectation = true;
  return {};
}

// Fields take_field() would only keep: most fields of most requests.
constexpr bool is_ordinary(FieldId id) {
  constexpr std::uint64_t kOthers = field_bit(FieldId::host) | field_bit(FieldId::content_length) |
                                    field_bit(FieldId::transfer_encoding) |
                                    field_bit(FieldId::connection) | field_bit(FieldId::upgrade) |
                                    field_bit(FieldId::expect) | field_bit(FieldId::unknown);
  return (kOthers & field_bit(id)) == 0;
}

// Takes in the field in the list's next slot: as a value to decide on later, or by keeping it
// there.
ParseResult take_field(const Field& field, Seen& seen, RequestHead& out) {
  switch (field.id) {
    case FieldId::host:
      return note_host(seen, field.value);
    case FieldId::content_length:
      return add_content_length(seen.framing, field.value);
    case FieldId::transfer_encoding:
      return add_transfer_encoding(seen.framing, field.value);
    case FieldId::connection:
      if (const auto result = add_connection(out.connection, field.value); !result.ok()) {
        return result;
      }
      break;
    case FieldId::upgrade:
      ++seen.upgrade_lines;
      out.upgrade = field.value;
      break;
    case FieldId::expect:
      if (const auto result = note_expectation(seen, field.value); !result.ok()) return result;
      break;
    default:  // an unknown name: the other fields are ordinary
      if (is_ambiguous_name(field.name)) {
        ++out.dropped_fields;
        return {};
      }
      break;
  }
  out.fields.keep_slot();
  return {};
}

// `at` is behind the request line; the bytes before `end` are an empty line.
ParseResult read_fields(const char* at, const char* end, const HeadLimits& limits, Seen& seen,
                        RequestHead& out) {
  const std::size_t count_max = std::min<std::size_t>(limits.field_count_max, kFieldCountCeiling);
  std::size_t count = 0;
  while (*at != '\r') {
    if (++count > count_max) return {Reason::too_many_fields, "field lines are over their limit"};
    Field& field = out.fields.next_slot();
    const LineEnd line = read_field_line(at, end, field);
    if (line.next == nullptr) return {Reason::bad_field, line.wrong};
    at = line.next;
    if (is_ordinary(field.id)) {
      out.fields.keep_slot();
    } else if (const auto result = take_field(field, seen, out); !result.ok()) {
      return result;
    }
  }
  if (end - at != 2) return {Reason::bad_field, "line starts with a carriage return"};
  return {};
}

std::uint16_t effective_port(std::uint16_t port, bool has_port, Scheme scheme) {
  if (has_port) return port;
  return scheme == Scheme::https ? 443 : 80;
}

// RFC 9112 section 3.2: exactly one Host in HTTP/1.1; the authority of an absolute-form target
// wins, and a client that sends a different Host beside it is refused.
ParseResult decide_authority(const Seen& seen, RequestHead& out) {
  if (!seen.has_host) {
    if (out.minor_version == 0) return {};
    return {Reason::bad_host, "HTTP/1.1 request without a host field"};
  }
  HostParts host;
  if (const auto result = parse_host(seen.host, host); !result.ok()) return result;
  if (out.target_form != TargetForm::absolute) {
    take_authority(host, out);
    return {};
  }
  const Scheme scheme = out.target_scheme;
  if (!base::iequals(host.host, out.host) || effective_port(host.port, host.has_port, scheme) !=
                                                 effective_port(out.port, out.has_port, scheme)) {
    return {Reason::bad_host, "host field differs from the authority of the target"};
  }
  return {};
}

ParseResult decide_framing(const Seen& seen, RequestHead& out) {
  const FramingFields& framing = seen.framing;
  if (const auto result = check_framing(framing, out.minor_version); !result.ok()) return result;
  if (framing.is_chunked) {
    out.framing = Framing::chunked;
    return {};
  }
  if (!framing.has_content_length) return {};
  out.framing = Framing::length;
  out.content_length = framing.content_length;
  const bool has_no_use_for_body =
      out.method == Method::get || out.method == Method::head || out.method == Method::delete_;
  if (out.minor_version == 0 && has_no_use_for_body && out.content_length != 0) {
    return {Reason::bad_framing, "HTTP/1.0 GET, HEAD or DELETE with a body"};
  }
  return {};
}

bool is_allowed_upgrade(std::string_view protocols) {
  std::string_view protocol;
  while (next_element(protocols, protocol)) {
    const std::string_view name = protocol.substr(0, protocol.find('/'));
    const bool has_version = name.size() != protocol.size();
    if (!is_token(name) || (has_version && !is_token(protocol.substr(name.size() + 1)))) {
      return false;
    }
    for (const std::string_view refused : {"h2c", "h2", "HTTP", "TLS"}) {
      if (base::iequals(name, refused)) return false;
    }
  }
  return true;
}

void decide_options(const Seen& seen, RequestHead& out) {
  const bool has_body = out.framing == Framing::chunked || out.content_length != 0;
  const bool is_1_1 = out.minor_version == 1;
  out.keep_alive = is_persistent(out.connection, out.minor_version);
  out.expects_continue = seen.has_expectation && is_1_1 && has_body;
  out.wants_upgrade = out.connection.upgrade && seen.upgrade_lines == 1 && is_1_1 && !has_body &&
                      out.method == Method::get && is_allowed_upgrade(out.upgrade);
  if (!out.wants_upgrade) out.upgrade = {};
}

}  // namespace

void RequestHead::clear() {
  method = Method::other;
  method_text = {};
  target = {};
  target_form = TargetForm::origin;
  target_scheme = Scheme::none;
  path = {};
  query = {};
  has_query = false;
  authority = {};
  host = {};
  port = 0;
  has_port = false;
  host_has_upper = false;
  minor_version = 1;
  keep_alive = false;
  framing = Framing::none;
  content_length = 0;
  expects_continue = false;
  wants_upgrade = false;
  upgrade = {};
  connection = {};
  dropped_fields = 0;
  fields.clear();
}

bool RequestHead::connection_names(std::string_view field_name) const {
  return http1::connection_names(connection, fields, field_name);
}

ParseResult parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out) {
  out.clear();
  if (head.size() > limits.header_bytes_max) {
    return {Reason::header_too_large, "head is over its limit"};
  }
  if (!head.ends_with("\r\n\r\n")) return {Reason::bad_field, "head without an empty line"};
  const char* const end = head.data() + head.size();
  const auto line = first_line_of(head);
  if (!line) return {Reason::bad_request_line, "control character in the request line"};
  Seen seen;
  if (const auto result = read_request_line(*line, limits, out); !result.ok()) return result;
  if (const auto result = read_fields(line->data() + line->size() + 2, end, limits, seen, out);
      !result.ok()) {
    return result;
  }
  if (const auto result = decide_authority(seen, out); !result.ok()) return result;
  if (const auto result = decide_framing(seen, out); !result.ok()) return result;
  decide_options(seen, out);
  return {};
}

}  // namespace ravelin::gateway::http1
