#include "gateway/upstream/check_http.h"

#include "gateway/upstream/reported_weight.h"

#include <algorithm>

namespace ravelin::gateway {

using http1::Framing;

namespace {

constexpr int kInterimMax = 8;

CheckResult failed(std::string detail) {
  return {false, std::move(detail)};
}

CheckResult passed() {
  return {true, {}};
}

std::string to_string(const std::vector<std::pair<int, int>>& ranges) {
  std::string text;
  for (const auto& [low, high] : ranges) {
    if (!text.empty()) text += ", ";
    text += low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high);
  }
  return text;
}

}  // namespace

std::string http_check_request(const HealthConfig& config, std::string_view server_name) {
  std::string_view host = config.host;
  if (host.empty()) host = server_name.starts_with("unix:") ? "localhost" : server_name;
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ravelin-check\r\nAccept: */*\r\n"
      "Connection: close\r\n\r\n",
      config.path, host);
}

HttpCheckReader::HttpCheckReader(const HealthConfig& config, std::string_view weight_header)
    : config_(config), weight_header_(weight_header) {}

std::optional<CheckResult> HttpCheckReader::feed(std::string_view bytes) {
  std::optional<CheckResult> result;
  if (in_body_) {
    result = read_body(bytes);
  } else {
    head_.append(bytes);
    result = read_heads();
  }
  if (result) result->weight_percent = weight_percent_;
  return result;
}

// Interim responses, then the head of the answer.
std::optional<CheckResult> HttpCheckReader::read_heads() {
  const http1::HeadLimits limits;
  for (;;) {
    http1::ParseResult why;
    const auto scanned = http1::scan_head(scan_, head_, http1::HeadKind::response, limits, why);
    if (scanned == http1::ScanStatus::need_more) return std::nullopt;
    http1::ResponseHead head;
    if (scanned == http1::ScanStatus::complete)
      why = http1::parse_response_head(scan_.head(head_), Method::get, limits, head);
    if (!why.ok()) return failed(fmt::format("bad response: {}", why.detail));
    if (head.status >= 200) {
      if (auto result = judge_head(head)) return result;
      const std::string rest = head_.substr(scan_.end);
      head_.clear();
      return read_body(rest);
    }
    if (head.switches_protocol) return failed("bad response: it switches the protocol unasked");
    if (++interim_ > kInterimMax) return failed("bad response: too many interim responses");
    head_.erase(0, scan_.end);
    scan_ = {};
  }
}

std::optional<CheckResult> HttpCheckReader::judge_head(const http1::ResponseHead& head) {
  if (!weight_header_.empty()) weight_percent_ = find_reported_weight(head.fields, weight_header_);
  const bool accepted = std::ranges::any_of(config_.status, [&](const auto& range) {
    return head.status >= range.first && head.status <= range.second;
  });
  if (!accepted)
    return failed(fmt::format("status {} is not in {}", head.status, to_string(config_.status)));
  if (config_.body_contains.empty()) return passed();
  in_body_ = true;
  framing_ = head.framing;
  left_ = head.content_length;
  if (framing_ == Framing::chunked) chunks_.emplace(http1::ChunkedLimits{});
  return std::nullopt;
}

std::optional<CheckResult> HttpCheckReader::read_body(std::string_view bytes) {
  switch (framing_) {
    case Framing::none:
      return text_missing();
    case Framing::chunked:
      return read_chunks(bytes);
    case Framing::until_close:
      return look_at(bytes);
    case Framing::length:
      break;
  }
  bytes = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_)));
  left_ -= bytes.size();
  if (auto result = look_at(bytes)) return result;
  if (left_ == 0) return text_missing();
  return std::nullopt;
}

std::optional<CheckResult> HttpCheckReader::read_chunks(std::string_view bytes) {
  using State = http1::ChunkedDecoder::State;
  for (;;) {
    const auto step = chunks_->next(bytes);
    bytes.remove_prefix(step.consumed);
    switch (step.state) {
      case State::need_more:
        return std::nullopt;
      case State::data:
        if (auto result = look_at(step.data)) return result;
        break;
      case State::done:
        return text_missing();
      case State::bad:
        return failed(fmt::format("bad response: {}", step.detail));
    }
  }
}

std::optional<CheckResult> HttpCheckReader::look_at(std::string_view data) {
  const std::string& wanted = config_.body_contains;
  const std::size_t seen = body_.size();
  body_.append(data.substr(0, kCheckBodyMax - seen));
  // What spans two pieces starts before the new one.
  const std::size_t from = seen < wanted.size() ? 0 : seen - wanted.size();
  if (body_.find(wanted, from) != std::string::npos) return passed();
  if (body_.size() == kCheckBodyMax) return text_missing();
  return std::nullopt;
}

CheckResult HttpCheckReader::text_missing() const {
  if (body_.size() == kCheckBodyMax)
    return failed("the first 16 KiB of the body do not contain the wanted text");
  return failed("the body does not contain the wanted text");
}

CheckResult HttpCheckReader::closed() const {
  if (in_body_ && framing_ == Framing::until_close) return text_missing();
  if (in_body_) return failed("the server closed in the middle of the body");
  if (head_.empty()) return failed("the server closed without an answer");
  return failed("the server closed in the middle of the head");
}

}  // namespace ravelin::gateway
