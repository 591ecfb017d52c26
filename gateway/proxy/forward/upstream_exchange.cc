#include "gateway/proxy/forward/upstream_exchange.h"

#include "gateway/http1/response_parser.h"
#include "gateway/http1/serialise.h"

#include <algorithm>
#include <cerrno>

namespace ravelin::gateway {

using http1::Framing;

namespace {

// A response head must leave room in the block it is written to for what the gateway adds.
constexpr http1::HeadLimits kResponseLimits{.header_bytes_max = 32 * 1024,
                                            .field_count_max = kFieldCountCeiling};

// Over TLS an end without close_notify may be anybody's, and come anywhere (RFC 9112 section 9.8).
bool is_cut_off(const Stream& stream) {
  return stream.ssl() != nullptr && (SSL_get_shutdown(stream.ssl()) & SSL_RECEIVED_SHUTDOWN) == 0;
}

}  // namespace

UpstreamExchange::UpstreamExchange(WorkerContext& worker,
                                   std::unique_ptr<UpstreamConnection> connection, Method method)
    : worker_(worker), connection_(std::move(connection)), in_(worker.buffers), method_(method) {
  connection_->begin_request();
  stream().socket().assume_drained();
}

void UpstreamExchange::send_body(std::string_view bytes, Framing framing) {
  if (framing != Framing::chunked) {
    stream().write(bytes);
    return;
  }
  std::array<char, http1::kChunkHeaderBytesMax> line;
  http1::ByteWriter writer(line);
  http1::write_chunk_header(writer, bytes.size());
  stream().write(writer.view(), Stream::More::yes);
  stream().write(bytes, Stream::More::yes);
  stream().write(http1::kLineEnd);
}

void UpstreamExchange::send_body_end(std::string_view trailers, Framing framing) {
  if (framing != Framing::chunked) return;
  stream().write(http1::kLastChunk, Stream::More::yes);
  if (!trailers.empty()) stream().write(trailers, Stream::More::yes);
  stream().write(http1::kLineEnd);
}

bool UpstreamExchange::fill(IoStatus& status) {
  if (!in_.has_block()) in_.acquire(BlockSize::bulk);
  if (in_.empty()) {
    in_.clear();
  } else if (in_.writable().size() < Stream::kRecordMax) {
    in_.compact();
  }
  // Reading no more than one write's worth keeps a chunk of this size in bounds further on.
  const std::span<char> room = in_.writable();
  const IoResult result = stream().read(room.first(std::min(room.size(), Stream::kWriteMax)));
  status = result.status;
  if (status == IoStatus::ok) {
    any_bytes_ = true;
    in_.commit(result.bytes);
    return true;
  }
  if (in_.empty()) in_.release();
  return false;
}

UpstreamExchange::HeadStep UpstreamExchange::take_head(http1::ResponseHead& head) {
  if (ended_ != HeadStep::wait) return ended_;
  const HeadStep step = read_head(head);
  if (step == HeadStep::complete) {
    in_.consume(scan_.end);
    begin_body(head);
  }
  return step;
}

UpstreamExchange::HeadStep UpstreamExchange::peek_head(int& status) {
  const HeadStep step = read_head(worker_.response_head);
  if (step == HeadStep::complete) {
    status = worker_.response_head.status;
    scan_ = {};  // to be read again
  } else if (step != HeadStep::wait) {
    ended_ = step;
  }
  return step;
}

// The next head in in_, not consumed.
UpstreamExchange::HeadStep UpstreamExchange::read_head(http1::ResponseHead& head) {
  for (;;) {
    http1::ParseResult why;
    const auto scanned = in_.empty()
                             ? http1::ScanStatus::need_more
                             : http1::scan_head(scan_, in_.readable(), http1::HeadKind::response,
                                                kResponseLimits, why);
    if (scanned == http1::ScanStatus::complete) {
      why = http1::parse_response_head(scan_.head(in_.readable()), method_, kResponseLimits, head);
      if (why.ok()) return HeadStep::complete;
    }
    if (!why.ok()) {
      reason = why.reason;
      detail = why.detail;
      return HeadStep::failed;
    }
    IoStatus status = IoStatus::ok;
    if (fill(status)) continue;
    if (status == IoStatus::would_block) return HeadStep::wait;
    const bool is_reset = status == IoStatus::error && stream().socket().last_error() == ECONNRESET;
    reason = is_reset ? Reason::upstream_reset : Reason::upstream_closed;
    detail = any_bytes_ ? "the server ended the connection inside a response head"
                        : "the server ended the connection before its response";
    return any_bytes_ ? HeadStep::failed : HeadStep::closed;
  }
}

void UpstreamExchange::begin_body(const http1::ResponseHead& head) {
  if (const Field* field = head.fields.find(FieldId::keep_alive))
    connection_->home().learn_idle_timeout(field->value);
  framing_ = head.framing;
  keep_alive_ = head.keep_alive && head.framing != Framing::until_close;
  body_left_ = head.framing == Framing::length ? head.content_length : 0;
  body_done_ = framing_ == Framing::none || (framing_ == Framing::length && body_left_ == 0);
  if (framing_ == Framing::chunked) chunks_.emplace(http1::ChunkedLimits{});
}

BodyStep UpstreamExchange::body_ended_early() {
  reason = Reason::upstream_body_truncated;
  return {BodyStep::Kind::failed,
          {},
          reason,
          "the server closed the connection inside a response body"};
}

BodyStep UpstreamExchange::take_body() {
  for (;;) {
    if (body_done_)
      return {BodyStep::Kind::end, chunks_ ? chunks_->trailer_lines() : std::string_view()};
    if (in_.empty()) {
      IoStatus status = IoStatus::ok;
      if (!fill(status)) {
        if (status == IoStatus::would_block) return {BodyStep::Kind::wait};
        const bool is_end = status == IoStatus::closed && !is_cut_off(stream());
        if (framing_ != Framing::until_close || !is_end) return body_ended_early();
        body_done_ = true;
        continue;
      }
    }
    const BodyStep step = chunks_ ? take_chunked(in_.readable()) : take_plain(in_.readable());
    if (step.kind != BodyStep::Kind::wait) return step;
  }
}

BodyStep UpstreamExchange::take_buffered_body() {
  while (!body_done_ && !in_.empty()) {
    const BodyStep step = chunks_ ? take_chunked(in_.readable()) : take_plain(in_.readable());
    if (step.kind != BodyStep::Kind::wait) return step;
  }
  if (!body_done_) return {BodyStep::Kind::wait};
  return {BodyStep::Kind::end, chunks_ ? chunks_->trailer_lines() : std::string_view()};
}

BodyStep UpstreamExchange::take_plain(std::string_view bytes) {
  if (framing_ == Framing::length) {
    bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), body_left_));
    body_left_ -= bytes.size();
    body_done_ = body_left_ == 0;
  }
  in_.consume(bytes.size());
  return {BodyStep::Kind::data, bytes};
}

BodyStep UpstreamExchange::take_chunked(std::string_view bytes) {
  const auto decoded = chunks_->next(bytes);
  in_.consume(decoded.consumed);
  switch (decoded.state) {
    case http1::ChunkedDecoder::State::data:
      return {BodyStep::Kind::data, decoded.data};
    case http1::ChunkedDecoder::State::done:
      body_done_ = true;
      return {BodyStep::Kind::end, chunks_->trailer_lines()};
    case http1::ChunkedDecoder::State::bad:
      reason = Reason::upstream_bad_response;
      return {BodyStep::Kind::failed, {}, reason, decoded.detail};
    case http1::ChunkedDecoder::State::need_more:
      break;
  }
  return {BodyStep::Kind::wait};
}

}  // namespace ravelin::gateway
