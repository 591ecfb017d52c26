#include "tests/gateway/http1/wire.h"

#include "gateway/http1/head_scanner.h"
#include "gateway/http1/request_parser.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace ravelin::gateway::http1 {
namespace {

class Reader {
 public:
  Reader(const HeadLimits& head_limits, const ChunkedLimits& chunked_limits)
      : head_limits_(head_limits), chunked_limits_(chunked_limits) {}

  // False once nothing more is to be read.
  bool deliver(std::string_view piece) {
    buffer_ += piece;
    while (!outcome_.refused() && step()) {
    }
    return !outcome_.refused();
  }

  WireOutcome finish() {
    outcome_.unfinished = !outcome_.refused() && (in_body_ || !buffer_.empty());
    return std::move(outcome_);
  }

 private:
  // False when more bytes are needed.
  bool step() {
    if (buffer_.empty() && !is_body_complete()) return false;
    return in_body_ ? read_body() : read_head();
  }

  [[nodiscard]] bool is_body_complete() const {
    return in_body_ && head_->framing == Framing::length && left_ == 0;
  }

  bool refuse(Reason reason, std::string_view detail) {
    outcome_.reason = reason;
    outcome_.detail = detail;
    return false;
  }

  bool read_head() {
    ParseResult why;
    const ScanStatus status = scan_head(scan_, buffer_, HeadKind::request, head_limits_, why);
    if (status == ScanStatus::bad) return refuse(why.reason, why.detail);
    if (status == ScanStatus::need_more) return false;
    const ParseResult result = parse_request_head(scan_.head(buffer_), head_limits_, *head_);
    if (!result.ok()) return refuse(result.reason, result.detail);
    request_ = {};
    request_.method = head_->method_text;
    request_.path = head_->path;
    request_.authority = head_->authority;
    request_.keep_alive = head_->keep_alive;
    for (const Field& field : head_->fields) {
      request_.fields.append(field.name).append("=").append(field.value).append("\n");
    }
    buffer_.erase(0, scan_.end);
    scan_ = {};
    if (head_->framing == Framing::none) return complete();
    in_body_ = true;
    left_ = head_->content_length;
    if (head_->framing == Framing::chunked) decoder_.emplace(chunked_limits_);
    return true;
  }

  bool read_body() {
    if (head_->framing == Framing::length) {
      const std::size_t taken = std::min<std::size_t>(left_, buffer_.size());
      request_.body += buffer_.substr(0, taken);
      buffer_.erase(0, taken);
      left_ -= taken;
      return left_ == 0 && complete();
    }
    const auto step = decoder_->next(buffer_);
    if (step.state == ChunkedDecoder::State::bad) return refuse(step.reason, step.detail);
    request_.body += step.data;
    request_.trailers = decoder_->trailer_lines();
    buffer_.erase(0, step.consumed);
    if (step.state == ChunkedDecoder::State::done) return complete();
    return step.state == ChunkedDecoder::State::data;
  }

  bool complete() {
    in_body_ = false;
    outcome_.requests.push_back(std::move(request_));
    return true;
  }

  HeadLimits head_limits_;
  ChunkedLimits chunked_limits_;
  std::string buffer_;
  HeadScan scan_;
  std::unique_ptr<RequestHead> head_ = std::make_unique<RequestHead>();
  std::optional<ChunkedDecoder> decoder_;
  std::uint64_t left_ = 0;
  bool in_body_ = false;
  WireRequest request_;
  WireOutcome outcome_;
};

}  // namespace

WireOutcome read_requests(std::string_view bytes, std::size_t piece, const HeadLimits& head_limits,
                          const ChunkedLimits& chunked_limits) {
  Reader reader(head_limits, chunked_limits);
  while (!bytes.empty() && reader.deliver(bytes.substr(0, piece))) {
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return reader.finish();
}

}  // namespace ravelin::gateway::http1
