// UpstreamExchange: one try of one request on one server: the request written there, its response
// read back. One worker's thread.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/proxy/worker_context.h"

#include <memory>
#include <optional>

namespace ravelin::gateway {

class UpstreamExchange {
 public:
  UpstreamExchange(WorkerContext& worker, std::unique_ptr<UpstreamConnection> connection,
                   Method method);

  // ---- request ----
  void send_head(std::string_view head) { stream().write(head); }

  void send_body(std::string_view bytes, http1::Framing framing);
  void send_body_end(std::string_view trailers, http1::Framing framing);

  // ---- response ----
  enum class HeadStep : unsigned char {
    complete,  // `head` is valid until the next call of anything here, or a suspension
    wait,
    closed,  // before any byte of a response
    failed,  // `reason`, `detail`
  };
  HeadStep take_head(http1::ResponseHead& head);
  // Whether take_head() would give a head now, which stays; its `status`, else 0. Writes to the
  // worker's response_head.
  HeadStep peek_head(int& status);

  // A peek found that none comes.
  [[nodiscard]] bool has_ended() const { return ended_ != HeadStep::wait; }

  // A kept connection that was closed before a byte of response: it idled too long.
  [[nodiscard]] bool is_stale() const {
    return ended_ == HeadStep::closed && connection_->was_reused();
  }

  // After an interim response: the next head.
  void next_head() { scan_ = {}; }

  // The body of the response whose head was taken last.
  BodyStep take_body();
  // The same from what has been read already: `wait` instead of reading on. The head stays valid.
  BodyStep take_buffered_body();

  [[nodiscard]] bool body_is_complete() const { return body_done_ && !chunks_; }

  [[nodiscard]] bool has_input() const { return !in_.empty(); }

  // The response is complete and nothing came after it: the connection can be kept.
  [[nodiscard]] bool may_keep() const { return body_done_ && keep_alive_ && in_.empty(); }

  Stream& stream() { return connection_->stream(); }

  UpstreamConnection& connection() { return *connection_; }

  std::unique_ptr<UpstreamConnection> release() { return std::move(connection_); }

  Buffer& raw_input() { return in_; }

  Reason reason = Reason::none;
  std::string_view detail;

 private:
  // More bytes into in_; false with `status` when there are none.
  bool fill(IoStatus& status);
  HeadStep read_head(http1::ResponseHead& head);
  void begin_body(const http1::ResponseHead& head);
  BodyStep take_plain(std::string_view bytes);
  BodyStep take_chunked(std::string_view bytes);
  BodyStep body_ended_early();

  WorkerContext& worker_;
  std::unique_ptr<UpstreamConnection> connection_;
  Buffer in_;
  http1::HeadScan scan_;
  HeadStep ended_ = HeadStep::wait;  // what a peek found to be the end
  Method method_;
  std::optional<http1::ChunkedDecoder> chunks_;
  http1::Framing framing_ = http1::Framing::none;
  std::uint64_t body_left_ = 0;
  bool body_done_ = false;
  bool keep_alive_ = false;
  bool any_bytes_ = false;
};

}  // namespace ravelin::gateway
