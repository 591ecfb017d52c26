// The check of an answer.
#include "bench/response.h"

#include <strings.h>

#include <charconv>
#include <optional>
#include <utility>

namespace ravelin::bench {

namespace {

std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    if (line.size() < kName.size() || strncasecmp(line.data(), kName.data(), kName.size()) != 0) {
      continue;
    }
    line.remove_prefix(kName.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::size_t length = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), length);
    if (parsed.ec == std::errc()) return length;
  }
  return std::nullopt;
}

}  // namespace

ResponseCheck::Verdict ResponseCheck::feed(std::string_view bytes) {
  if (in_body_) return check_body(bytes);
  if (!partial_head_.empty()) {
    partial_head_.append(bytes);
    bytes = partial_head_;
  }
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (partial_head_.empty()) partial_head_ = bytes;
    return Verdict::more;
  }
  if (check_head(bytes.substr(0, end)) == Verdict::wrong) return Verdict::wrong;
  in_body_ = true;
  return check_body(bytes.substr(end + 4));
}

ResponseCheck::Verdict ResponseCheck::check_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 200 ")) {
    return wrong("status line: " + std::string(head.substr(0, head.find("\r\n"))));
  }
  const std::optional<std::size_t> length = content_length(head);
  if (!length) return wrong("no Content-Length");
  if (*length != body_.size()) return wrong("Content-Length is " + std::to_string(*length));
  return Verdict::more;
}

ResponseCheck::Verdict ResponseCheck::check_body(std::string_view bytes) {
  if (bytes.size() > body_.size()) return wrong("bytes behind the body");
  if (body_.substr(0, bytes.size()) != bytes) return wrong("the body differs");
  body_.remove_prefix(bytes.size());
  return body_.empty() ? Verdict::done : Verdict::more;
}

ResponseCheck::Verdict ResponseCheck::wrong(std::string why) {
  why_ = std::move(why);
  return Verdict::wrong;
}

}  // namespace ravelin::bench
