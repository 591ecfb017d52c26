#include "gateway/proxy/session/http1_exchange.h"

#include "gateway/http1/serialise.h"
#include "gateway/proxy/forward/message_heads.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace ravelin::gateway {

using http1::ByteWriter;
using http1::Framing;

namespace {

// A body up to this size is copied behind its head and leaves in the same TLS record.
constexpr std::size_t kCoalescedBytes = 4 * 1024;
constexpr std::size_t kChunkBytesMax = 2 * Stream::kRecordMax;

}  // namespace

Http1Exchange::Http1Exchange(WorkerContext& worker, Stream& stream, Buffer& in,
                             const http1::RequestHead& head, const HttpLimits& limits)
    : worker_(worker),
      stream_(stream),
      in_(in),
      more_(worker.buffers),
      head_(head),
      body_bytes_max_(limits.body_bytes_max),
      body_left_(head.framing == Framing::length ? head.content_length : 0),
      is_http10_(head.minor_version == 0),
      wants_keep_alive_(head.keep_alive),
      body_done_(head.framing == Framing::none ||
                 (head.framing == Framing::length && head.content_length == 0)) {
  if (head.framing == Framing::chunked) {
    chunks_.emplace(http1::ChunkedLimits{.extension_bytes_max = limits.chunk_extension_bytes_max,
                                         .trailer_bytes_max = limits.trailer_bytes_max});
  }
}

bool Http1Exchange::body_may_be_ready() const {
  return body_done_ || !in_.empty() || !more_.empty() || stream_.may_be_readable();
}

std::string_view Http1Exchange::available(BodyStep& step) {
  if (!in_.empty()) return in_.readable();
  if (!more_.empty()) return more_.readable();
  if (!more_.has_block()) more_.acquire(BlockSize::bulk);
  more_.clear();
  const IoResult result = stream_.read_bulk(more_.writable());
  if (result.status == IoStatus::ok) {
    more_.commit(result.bytes);
    return more_.readable();
  }
  more_.release();
  if (result.status == IoStatus::would_block) {
    step.kind = BodyStep::Kind::wait;
  } else {
    step =
        fail(Reason::client_closed, "the client closed the connection before the end of its body");
  }
  return {};
}

void Http1Exchange::consume(std::size_t bytes) {
  if (!in_.empty()) {
    in_.consume(bytes);
  } else {
    more_.consume(bytes);
  }
}

BodyStep Http1Exchange::fail(Reason reason, std::string_view detail) {
  closes_ = true;
  return {BodyStep::Kind::failed, {}, reason, detail};
}

bool Http1Exchange::client_has_gone() {
  if (!watches_client_ || client_is_there_) return false;
  const Stream::Peer peer = stream_.look();
  client_is_there_ = peer == Stream::Peer::speaks || peer == Stream::Peer::sends_no_more;
  return peer == Stream::Peer::gone;
}

// The first time nothing is expected, which costs no system call: an end that came along with the
// request is seen when the response is sent.
void Http1Exchange::watch_client(Waiter& waiter) {
  if (!body_done_) return;
  if (!watches_client_) {
    watches_client_ = true;
    client_is_there_ = !in_.empty() || !more_.empty() || !stream_.is_drained();
    if (!client_is_there_) stream_.socket().assume_drained();
  }
  if (!client_is_there_) stream_.socket().watch_readable(waiter);
}

BodyStep Http1Exchange::take_body() {
  if (body_done_)
    return {BodyStep::Kind::end, chunks_ ? chunks_->trailer_lines() : std::string_view()};
  const BodyStep step = chunks_ ? take_chunked() : take_length();
  body_bytes_ += step.kind == BodyStep::Kind::data ? step.bytes.size() : 0;
  if (body_bytes_max_ != 0 && body_bytes_ > body_bytes_max_) {
    return fail(Reason::body_too_large, "the body is larger than limits.body");
  }
  return step;
}

BodyStep Http1Exchange::take_length() {
  BodyStep step;
  const std::string_view bytes = available(step);
  if (bytes.empty()) return step;
  step.kind = BodyStep::Kind::data;
  step.bytes =
      bytes.substr(0, std::min<std::uint64_t>({bytes.size(), body_left_, Stream::kWriteMax}));
  consume(step.bytes.size());
  body_left_ -= step.bytes.size();
  body_done_ = body_left_ == 0;
  return step;
}

BodyStep Http1Exchange::take_chunked() {
  for (;;) {
    BodyStep step;
    const std::string_view bytes = available(step);
    if (bytes.empty()) return step;
    const auto decoded = chunks_->next(bytes.substr(0, Stream::kWriteMax));
    consume(decoded.consumed);
    switch (decoded.state) {
      case http1::ChunkedDecoder::State::data:
        return {BodyStep::Kind::data, decoded.data};
      case http1::ChunkedDecoder::State::done:
        body_done_ = true;
        return {BodyStep::Kind::end, chunks_->trailer_lines()};
      case http1::ChunkedDecoder::State::bad:
        return fail(decoded.reason, decoded.detail);
      case http1::ChunkedDecoder::State::need_more:
        break;
    }
  }
}

void Http1Exchange::hand_back_leftover() {
  if (in_.empty() && !more_.empty()) in_ = std::move(more_);
  more_.release();
}

Buffer Http1Exchange::take_tunnel_input() {
  if (in_.empty()) return std::move(more_);
  Buffer ahead(worker_.buffers);
  ahead.acquire(in_.block_size());
  ahead.append(in_.readable());
  in_.consume(in_.size());
  return ahead;
}

void Http1Exchange::send_interim(const http1::ResponseHead& head) {
  if (is_http10_) return;
  Buffer out(worker_.buffers);
  out.acquire(BlockSize::large);
  ByteWriter writer(out.writable());
  http1::write_status_line(writer, head.status);
  write_response_fields(writer, {.status = head.status, .from = &head});
  writer.append("\r\n");
  if (!writer.overflowed()) stream_.write(writer.view());
}

bool Http1Exchange::switch_protocol(const http1::ResponseHead& head) {
  Buffer out(worker_.buffers);
  out.acquire(BlockSize::large);
  ByteWriter writer(out.writable());
  http1::write_status_line(writer, head.status);
  write_response_fields(writer, {.status = head.status, .from = &head});
  writer.append("Connection: upgrade\r\n");
  const Field* upgrade = head.fields.find(FieldId::upgrade);
  if (upgrade != nullptr) http1::write_field(writer, "Upgrade", upgrade->value);
  writer.append(http1::kLineEnd);
  if (writer.overflowed()) return false;
  stream_.write(writer.view());
  stream_.socket().set_ready(true);  // the tunnel is to look, whatever was assumed of the client
  head_sent_ = true;
  closes_ = true;
  return true;
}

void Http1Exchange::send_head(const ResponseStart& start, std::string_view body, bool last) {
  head_sent_ = true;
  sends_chunks_ = start.body == ResponseStart::Body::unknown && !is_http10_;
  ends_by_close_ = start.body == ResponseStart::Body::unknown && is_http10_;
  closes_ = closes_ || start.closes || ends_by_close_ || !wants_keep_alive_ || !body_done_ ||
            worker_.load.draining.load(std::memory_order_relaxed);
  Buffer out(worker_.buffers);
  out.acquire(start.edit == nullptr ? BlockSize::large : BlockSize::bulk);
  ByteWriter writer(out.writable());
  http1::write_status_line(writer, start.status);
  write_response_fields(writer, start);
  if (start.from == nullptr || !start.from->fields.has(FieldId::date)) {  // RFC 9110 section 6.6.1
    http1::write_field(writer, "Date", worker_.date.at(std::time(nullptr)));
  }
  if (sends_chunks_) {
    writer.append(http1::kChunkedField);
  } else if (start.body == ResponseStart::Body::length || start.announces_length) {
    writer.append("Content-Length: ");
    writer.append_decimal(start.length);
    writer.append("\r\n");
  }
  if (closes_) {
    writer.append("Connection: close\r\n");
  } else if (is_http10_) {
    writer.append("Connection: keep-alive\r\n");
  }
  writer.append("\r\n");
  if (writer.overflowed()) {
    refuse_head();
    return;
  }
  response_done_ = last && !sends_chunks_;
  const bool coalesce = !sends_chunks_ && !body.empty() && body.size() <= kCoalescedBytes &&
                        writer.room() >= body.size();
  if (coalesce) writer.append(body);
  const bool body_follows = !coalesce && !body.empty();
  const bool end_follows = last && sends_chunks_;
  const auto hold_if = [](bool held) { return held ? Stream::More::yes : Stream::More::no; };
  stream_.write(writer.view(), hold_if(body_follows || end_follows));
  if (body_follows) {
    write_body(body, hold_if(end_follows));
  } else {
    response_bytes_ += body.size();
  }
}

// A server's head has room to spare in the block; one of ours may hold more than was foreseen.
void Http1Exchange::refuse_head() {
  head_refused_ = closes_ = response_done_ = true;
  sends_chunks_ = false;
  stream_.write(
      "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

void Http1Exchange::send_body(std::string_view bytes) {
  write_body(bytes, Stream::More::no);
}

void Http1Exchange::write_body(std::string_view bytes, Stream::More more) {
  if (head_refused_) return;
  response_bytes_ += bytes.size();
  if (!sends_chunks_) {
    stream_.write(bytes, more);
    return;
  }
  // Each chunk is assembled so that it leaves as whole TLS records, not as three small ones.
  Buffer out(worker_.buffers);
  out.acquire(BlockSize::large);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kChunkBytesMax);
    bytes.remove_prefix(piece.size());
    ByteWriter writer(out.writable());
    http1::write_chunk_header(writer, piece.size());
    writer.append(piece);
    writer.append("\r\n");
    stream_.write(writer.view(), bytes.empty() ? more : Stream::More::yes);
  }
}

void Http1Exchange::send_end(std::string_view trailers) {
  if (sends_chunks_) {
    stream_.write("0\r\n", Stream::More::yes);
    if (!trailers.empty()) stream_.write(trailers, Stream::More::yes);
    stream_.write("\r\n");
  }
  response_done_ = true;
}

// A cut-off chunked or length-delimited body is visible as such, and what came of it is delivered.
void Http1Exchange::abort() {
  closes_ = true;
  is_cut_ = is_cut_ || (ends_by_close_ && !response_done_);
}

}  // namespace ravelin::gateway
