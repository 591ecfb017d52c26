// One loop from control character to control character; everything else in a head is skipped
// sixteen bytes at a time. Decisions depend on positions only, so any split of the same bytes ends
// the same way. No I/O.
#include "gateway/http1/head_scanner.h"

#include "gateway/http1/byte_scan.h"
#include "gateway/http1/first_line.h"

namespace ravelin::gateway::http1 {
namespace {

constexpr std::size_t kLeadingBytesMax = 4;  // two empty lines

ScanStatus refuse(ParseResult& why, HeadKind kind, Reason reason, std::string_view detail) {
  if (kind == HeadKind::response) {
    const bool is_size = reason == Reason::header_too_large || reason == Reason::line_too_long;
    reason = is_size ? Reason::upstream_header_too_large : Reason::upstream_bad_response;
  }
  why = {reason, detail};
  return ScanStatus::bad;
}

// Whether a head that holds no end before offset `at` can still stay within the limits.
ScanStatus check_limits(const HeadScan& scan, std::size_t at, HeadKind kind,
                        const HeadLimits& limits, ParseResult& why) {
  const std::size_t bytes = at - scan.begin;
  if (scan.in_first_line && bytes > limits.line_bytes_max &&
      limits.line_bytes_max < limits.header_bytes_max) {
    return refuse(why, kind, Reason::line_too_long, "first line is over its limit");
  }
  if (bytes >= limits.header_bytes_max) {
    return refuse(why, kind, Reason::header_too_large, "head is over its limit");
  }
  return ScanStatus::need_more;
}

ScanStatus refuse_control(const HeadScan& scan, char c, HeadKind kind, ParseResult& why) {
  const Reason reason = scan.in_first_line ? Reason::bad_request_line : Reason::bad_field;
  if (c == '\n') return refuse(why, kind, reason, "line feed without carriage return");
  if (c == '\r') return refuse(why, kind, reason, "carriage return without line feed");
  return refuse(why, kind, reason, "control character in the head");
}

ParseResult check_first_line(std::string_view line, HeadKind kind) {
  int minor_version = 0;
  return kind == HeadKind::request ? read_request_version(line, minor_version)
                                   : read_status_version(line, minor_version);
}

// A line ended at offset `at` (its CR). need_more means: go on with the next line.
ScanStatus end_line(HeadScan& scan, std::string_view buffer, std::size_t at, HeadKind kind,
                    const HeadLimits& limits, ParseResult& why) {
  const std::size_t next = at + 2;
  scan.scanned = next;
  if (at == scan.begin) {  // an empty line before anything else
    if (kind == HeadKind::response || scan.begin == kLeadingBytesMax) {
      return refuse(why, kind, Reason::bad_request_line, "empty line where a head should start");
    }
    scan.begin = next;
    return ScanStatus::need_more;
  }
  if (scan.in_first_line) {
    const ParseResult version = check_first_line(buffer.substr(scan.begin, at - scan.begin), kind);
    if (!version.ok()) return refuse(why, kind, version.reason, version.detail);
    scan.in_first_line = false;
    return ScanStatus::need_more;
  }
  if (buffer[at - 1] != '\n') return ScanStatus::need_more;
  if (next - scan.begin > limits.header_bytes_max) {
    return refuse(why, kind, Reason::header_too_large, "head is over its limit");
  }
  scan.end = next;
  return ScanStatus::complete;
}

}  // namespace

ScanStatus scan_head(HeadScan& scan, std::string_view buffer, HeadKind kind,
                     const HeadLimits& limits, ParseResult& why) {
  const char* const data = buffer.data();
  for (;;) {
    const char* from = data + scan.scanned;
    if (!scan.in_first_line) from = skip_plain_lines(from, data + buffer.size());
    const char* const found = find_control(from, data + buffer.size());
    const auto at = static_cast<std::size_t>(found - data);
    scan.scanned = at;
    if (check_limits(scan, at, kind, limits, why) == ScanStatus::bad) return ScanStatus::bad;
    if (at == buffer.size()) return ScanStatus::need_more;
    if (*found != '\r') return refuse_control(scan, *found, kind, why);
    if (at + 1 == buffer.size()) return ScanStatus::need_more;
    if (found[1] != '\n') return refuse_control(scan, '\r', kind, why);
    const ScanStatus status = end_line(scan, buffer, at, kind, limits, why);
    if (status != ScanStatus::need_more) return status;
  }
}

}  // namespace ravelin::gateway::http1
