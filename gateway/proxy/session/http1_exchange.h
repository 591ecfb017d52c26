// Http1Exchange: one request on an HTTP/1 connection: its body out of the client's bytes, the
// response into them. Exists only while the request does. One worker's thread.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/http1/chunked_decoder.h"
#include "gateway/proxy/worker_context.h"
#include "gateway/tls/stream.h"

#include <optional>

namespace ravelin::gateway {

class Http1Exchange final : public Exchange {
 public:
  // `in` holds the request's head (already consumed, its bytes still in place) and whatever came
  // after it.
  Http1Exchange(WorkerContext& worker, Stream& stream, Buffer& in, const http1::RequestHead& head,
                const HttpLimits& limits);

  [[nodiscard]] const http1::RequestHead& request() const override { return head_; }

  void limit_body(std::uint64_t bytes_max) override { body_bytes_max_ = bytes_max; }

  BodyStep take_body() override;

  void watch_body(Waiter& waiter) override { stream_.socket().watch_readable(waiter); }

  [[nodiscard]] bool body_may_be_ready() const override;

  void send_interim(const http1::ResponseHead& head) override;
  void send_head(const ResponseStart& start, std::string_view body, bool last) override;
  void send_body(std::string_view bytes) override;
  void send_end(std::string_view trailers) override;
  void abort() override;

  [[nodiscard]] bool is_blocked() const override { return stream_.is_blocked(); }

  [[nodiscard]] std::size_t blocked_bytes() const override { return stream_.blocked_bytes(); }

  [[nodiscard]] std::size_t unsent_bytes() const override { return stream_.unsent_bytes(); }

  void watch_output(Waiter& waiter) override { stream_.socket().watch_writable(waiter); }

  void drain_output() override { stream_.release_output(); }

  [[nodiscard]] bool is_broken() const override { return stream_.is_broken(); }

  bool client_has_gone() override;
  void watch_client(Waiter& waiter) override;

  [[nodiscard]] bool head_sent() const override { return head_sent_; }

  bool switch_protocol(const http1::ResponseHead& head) override;

  Stream& tunnel_stream() override { return stream_; }

  Buffer take_tunnel_input() override;

  void count_tunnel(std::uint64_t from_client, std::uint64_t to_client) override {
    body_bytes_ += from_client;
    response_bytes_ += to_client;
  }

  // The response was complete and the connection may carry another request.
  [[nodiscard]] bool may_continue() const {
    return head_sent_ && !closes_ && body_done_ && response_done_;
  }

  // A response that ends by close does so in its middle. After a FIN or a close_notify it would
  // look whole: only a reset shows it.
  [[nodiscard]] bool is_cut() const { return is_cut_; }

  // The head was larger than any block: the client has got a bare 500 in its place.
  [[nodiscard]] bool head_refused() const { return head_refused_; }

  // Bytes of the next request that came with this one's body move to `in`.
  void hand_back_leftover();

  [[nodiscard]] std::uint64_t body_bytes_in() const { return body_bytes_; }

  [[nodiscard]] std::uint64_t body_bytes_out() const { return response_bytes_; }

 private:
  void refuse_head();
  void write_body(std::string_view bytes, Stream::More more);
  BodyStep take_length();
  BodyStep take_chunked();
  // Unread bytes of the client, read from the stream when there are none; empty: `step` says what
  // to do.
  std::string_view available(BodyStep& step);
  void consume(std::size_t bytes);
  BodyStep fail(Reason reason, std::string_view detail);

  WorkerContext& worker_;
  Stream& stream_;
  Buffer& in_;   // keeps its block while the request lasts: what is known of it points there
  Buffer more_;  // bytes read after those that came with the head
  const http1::RequestHead& head_;
  std::uint64_t body_bytes_max_;  // 0 = no limit
  std::optional<http1::ChunkedDecoder> chunks_;
  std::uint64_t body_left_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t response_bytes_ = 0;
  bool is_http10_;
  bool wants_keep_alive_;
  bool body_done_;
  bool watches_client_ = false;
  bool client_is_there_ = false;  // its next request has come, or it has said that none will
  bool head_sent_ = false;
  bool response_done_ = false;
  bool closes_ = false;
  bool ends_by_close_ = false;
  bool is_cut_ = false;
  bool head_refused_ = false;
  bool sends_chunks_ = false;
};

}  // namespace ravelin::gateway
