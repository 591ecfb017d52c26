// Decides which HTTP version a first line speaks. No I/O; any thread.
#include "gateway/http1/first_line.h"

#include "gateway/http1/byte_scan.h"

namespace ravelin::gateway::http1 {
namespace {

// The slow half: the line does not end in " HTTP/1.0" or " HTTP/1.1"; says what it is instead.
ParseResult explain_request_version(std::string_view line) {
  const std::size_t first_space = line.find(' ');
  if (first_space == std::string_view::npos) {
    return {Reason::bad_request_line, "request line without a target"};
  }
  if (first_space == 0) return {Reason::bad_request_line, "request line without a method"};
  const std::string_view last = line.substr(line.rfind(' ') + 1);
  if (last.starts_with("HTTP/")) {
    const bool is_version = last.size() == 8 && is_in(last[5], digit_char) && last[6] == '.' &&
                            is_in(last[7], digit_char);
    if (is_version) return {Reason::unsupported_version, "version is not HTTP/1.0 or HTTP/1.1"};
    return {Reason::bad_request_line, "malformed HTTP version"};
  }
  if (line.find(' ', first_space + 1) == std::string_view::npos && line.size() > first_space + 1) {
    return {Reason::unsupported_version, "HTTP/0.9 request line"};
  }
  return {Reason::bad_request_line, "request line does not end with an HTTP version"};
}

}  // namespace

std::optional<std::string_view> first_line_of(std::string_view head) {
  const char* const end = find_control(head.data(), head.data() + head.size());
  if (end[0] != '\r' || end[1] != '\n') return std::nullopt;
  return std::string_view(head.data(), static_cast<std::size_t>(end - head.data()));
}

ParseResult read_request_version(std::string_view line, int& minor_version) {
  if (line.size() > kRequestVersionBytes) {
    const std::string_view version = line.substr(line.size() - kRequestVersionBytes);
    const char minor = version.back();
    if (version.starts_with(" HTTP/1.") && (minor == '0' || minor == '1')) {
      minor_version = minor - '0';
      return {};
    }
  }
  return explain_request_version(line);
}

ParseResult read_status_version(std::string_view line, int& minor_version) {
  if (!line.starts_with("HTTP/1.") || line.size() <= kStatusVersionBytes) {
    return {Reason::upstream_bad_response, "response does not start with HTTP/1.0 or HTTP/1.1"};
  }
  const char minor = line[7];
  if ((minor != '0' && minor != '1') || line[8] != ' ') {
    return {Reason::upstream_bad_response, "response version is not HTTP/1.0 or HTTP/1.1"};
  }
  minor_version = minor - '0';
  return {};
}

}  // namespace ravelin::gateway::http1
