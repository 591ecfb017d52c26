// Heads: any bytes through scanner and parsers. Beyond not crashing: a split changes nothing, what
// is accepted agrees with a naive second reading, and written out again it reads back the same.
#include "base/check.h"
#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/http1/request_parser.h"
#include "gateway/http1/response_parser.h"
#include "gateway/http1/serialise.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

// The first input byte chooses how the rest is read.
struct Mode {
  explicit Mode(std::uint8_t byte)
      : kind((byte & 1) != 0 ? HeadKind::response : HeadKind::request),
        method((byte & 4) != 0 ? Method::head : Method::get),
        piece(1U + (byte >> 3)) {
    if ((byte & 2) != 0)
      limits = {.line_bytes_max = 40, .header_bytes_max = 120, .field_count_max = 3};
  }

  HeadKind kind;
  HeadLimits limits;
  Method method;
  std::size_t piece;
};

struct Scanned {
  ScanStatus status = ScanStatus::need_more;
  HeadScan scan;
  ParseResult why;
};

Scanned scan(std::string_view bytes, std::size_t piece, const Mode& mode) {
  Scanned out;
  std::size_t size = 0;
  while (out.status == ScanStatus::need_more && size < bytes.size()) {
    size = std::min(bytes.size(), size + piece);
    const std::string moved(bytes.substr(0, size));  // ends where it ends: ASan sees one byte more
    out.status = scan_head(out.scan, moved, mode.kind, mode.limits, out.why);
    CHECK(out.scan.scanned <= size);
  }
  return out;
}

struct Line {
  std::string name;  // lower case
  std::string value;
};

// The lines between the first and the empty one, cut naively; false where one has no clean name.
bool split_lines(std::string_view head, std::vector<Line>& lines) {
  std::size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    lines.push_back(
        {base::to_lower(line.substr(0, colon)), std::string(base::trim(line.substr(colon + 1)))});
    at = end + 2;
  }
  return true;
}

void check_bytes(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    if (c == '\r') CHECK(i + 1 < head.size() && head[i + 1] == '\n');
    if (c == '\n') CHECK(i > 0 && head[i - 1] == '\r');
    CHECK(c == '\r' || c == '\n' || !is_control(c));
  }
}

// What must be true of the lines of any accepted head.
void check_framing(const std::vector<Line>& lines, int minor_version, Framing framing,
                   std::uint64_t length, bool may_have_body) {
  std::size_t codings = 0;
  std::vector<std::uint64_t> lengths;
  for (const Line& line : lines) {
    if (line.name == "transfer-encoding") {
      ++codings;
      CHECK(base::iequals(line.value, "chunked"));
    }
    if (line.name == "content-length") {
      const auto value = base::parse_u64(line.value);
      CHECK(value.has_value());
      lengths.push_back(*value);
    }
  }
  CHECK(codings <= 1);
  CHECK(codings == 0 || (lengths.empty() && minor_version == 1));
  for (const std::uint64_t value : lengths)
    CHECK(value == length);
  if (!may_have_body) return;
  CHECK((framing == Framing::chunked) == (codings == 1));
  CHECK((framing == Framing::length) == !lengths.empty());
}

std::string join(const FieldList& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append(base::to_lower(field.name)).append(":").append(field.value).append("\n");
  }
  return text;
}

constexpr HeadLimits kRoomy{
    .line_bytes_max = 1U << 20, .header_bytes_max = 1U << 20, .field_count_max = 128};

void write_fields(ByteWriter& out, const FieldList& fields) {
  for (const Field& field : fields)
    write_field(out, field.name, field.value);
  out.append(kLineEnd);
}

void write_request(ByteWriter& out, const RequestHead& head) {
  std::string target(head.path);
  if (head.has_query) target.append("?").append(head.query);
  write_request_line(out, head.method_text, target);
  if (!head.authority.empty()) write_field(out, "Host", head.authority);
  if (head.framing == Framing::length) write_content_length(out, head.content_length);
  if (head.framing == Framing::chunked) out.append(kChunkedField);
  write_fields(out, head.fields);
}

void write_response(ByteWriter& out, const ResponseHead& head) {
  if (head.reason_phrase == reason_phrase(head.status)) {
    write_status_line(out, head.status);
  } else {
    write_status_line(out, head.status, head.reason_phrase);
  }
  if (head.has_content_length) write_content_length(out, head.content_length);
  if (head.framing == Framing::chunked) out.append(kChunkedField);
  write_fields(out, head.fields);
}

// What `write` makes of `head`; a buffer half that long must hold the beginning of the same.
template <class Head, class Write>
std::string write_checked(const Head& head, Write write) {
  std::vector<char> buffer(128 * 1024);
  ByteWriter out(buffer);
  write(out, head);
  CHECK(!out.overflowed());
  std::vector<char> half(out.size() / 2);
  ByteWriter cut(half);
  write(cut, head);
  CHECK(cut.overflowed() && out.view().starts_with(cut.view()));
  return std::string(out.view());
}

// The list finds what is in it, and Connection names away no field the gateway knows.
template <class Head>
void check_fields(const Head& head) {
  for (const Field& field : head.fields) {
    const bool is_known = field.id != FieldId::unknown;
    CHECK(field.id == find_field(field.name));
    CHECK(!is_known || base::iequals(field.name, to_string(field.id)));
    CHECK(!is_hop_by_hop(field.id) || is_known);
    CHECK(head.fields.find(field.id)->id == field.id);
    CHECK(!head.connection_names(field.name) || (!is_known && head.connection.names_fields));
  }
  CHECK(head.fields.find(FieldId::content_length) == nullptr);
  CHECK(head.fields.find(FieldId::transfer_encoding) == nullptr);
  CHECK(!head.connection_names("host") && !head.connection_names("content-length"));
}

void check_request(std::string_view head, const Mode& mode) {
  static const auto out = std::make_unique<RequestHead>();
  static const auto again = std::make_unique<RequestHead>();
  const ParseResult result = parse_request_head(head, mode.limits, *out);
  CHECK(result.ok() == result.detail.empty());
  if (!result.ok()) return;
  check_bytes(head);
  std::vector<Line> lines;
  CHECK(split_lines(head, lines));
  check_framing(lines, out->minor_version, out->framing, out->content_length, true);
  const auto hosts = std::count_if(lines.begin(), lines.end(),
                                   [](const Line& line) { return line.name == "host"; });
  CHECK(hosts == 1 || (hosts == 0 && out->minor_version == 0));
  CHECK(out->host.size() <= kHostBytesMax);
  std::array<char, kHostBytesMax> lower;
  const std::string_view lowered = lower_host(out->host, lower);
  CHECK(lowered == base::to_lower(out->host));
  CHECK(out->host_has_upper == (lowered != out->host));
  CHECK(!out->path.empty() && (out->path[0] == '/' || out->path == "*"));
  CHECK(!out->wants_upgrade || out->framing != Framing::chunked);
  CHECK(out->fields.find(FieldId::host) == nullptr);
  CHECK(out->method == Method::other || to_string(out->method) == out->method_text);
  CHECK(!is_safe(out->method) || is_idempotent(out->method));
  check_fields(*out);
  if (out->minor_version == 0 && out->authority.empty()) return;  // no Host to write as HTTP/1.1
  const std::string written = write_checked(*out, write_request);
  const ParseResult reread = parse_request_head(written, kRoomy, *again);
  CHECK(reread.ok() || reread.reason == Reason::too_many_fields);
  if (!reread.ok()) return;
  CHECK(again->method_text == out->method_text && again->path == out->path);
  CHECK(again->has_query == out->has_query && again->query == out->query);
  CHECK(again->authority == out->authority && again->host == out->host);
  CHECK(again->framing == out->framing && again->content_length == out->content_length);
  CHECK(join(again->fields) == join(out->fields) && again->dropped_fields == 0);
}

void check_response(std::string_view head, const Mode& mode) {
  static const auto out = std::make_unique<ResponseHead>();
  static const auto again = std::make_unique<ResponseHead>();
  const ParseResult result = parse_response_head(head, mode.method, mode.limits, *out);
  CHECK(result.ok() == result.detail.empty());
  if (!result.ok()) {
    CHECK(result.reason == Reason::upstream_bad_response ||
          result.reason == Reason::upstream_header_too_large);
    return;
  }
  check_bytes(head);
  std::vector<Line> lines;
  CHECK(split_lines(head, lines));
  const bool may_have_body =
      mode.method != Method::head && out->status >= 200 && out->status != 204 && out->status != 304;
  check_framing(lines, out->minor_version, out->framing, out->content_length, may_have_body);
  CHECK(may_have_body || out->framing == Framing::none);
  CHECK(out->status >= 100 && out->status <= 599);
  CHECK(!out->keep_alive || out->framing != Framing::until_close);
  check_fields(*out);
  const std::string written = write_checked(*out, write_response);
  const ParseResult reread = parse_response_head(written, mode.method, kRoomy, *again);
  CHECK(reread.ok() || reread.reason == Reason::upstream_header_too_large);
  if (!reread.ok()) return;
  CHECK(again->status == out->status && again->reason_phrase == out->reason_phrase);
  CHECK(again->framing == out->framing && again->content_length == out->content_length);
  CHECK(join(again->fields) == join(out->fields));
}

void run(std::string_view bytes, const Mode& mode) {
  const Scanned whole = scan(bytes, std::max<std::size_t>(bytes.size(), 1), mode);
  const Scanned split = scan(bytes, mode.piece, mode);
  CHECK(split.status == whole.status && split.why.reason == whole.why.reason);
  CHECK((whole.status == ScanStatus::bad) == (whole.why.reason != Reason::none));
  if (whole.status != ScanStatus::complete) {
    // The parsers stand on their own: bytes no scanner has passed must not harm them.
    const std::string head = std::string(bytes) + "\r\n\r\n";
    if (mode.kind == HeadKind::request) {
      check_request(head, mode);
    } else {
      check_response(head, mode);
    }
    return;
  }
  CHECK(split.scan.begin == whole.scan.begin && split.scan.end == whole.scan.end);
  const std::string head(whole.scan.head(bytes));
  check_bytes(head);
  CHECK(head.find("\r\n\r\n") == head.size() - 4);
  if (mode.kind == HeadKind::request) {
    check_request(head, mode);
  } else {
    check_response(head, mode);
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ravelin::gateway::http1::run(bytes, ravelin::gateway::http1::Mode(data[0]));
  return 0;
}
