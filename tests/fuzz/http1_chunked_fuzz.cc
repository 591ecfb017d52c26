// Chunked bodies: any bytes, in any split, against a second decoder written from the grammar alone.
#include "base/check.h"
#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/serialise.h"
#include "gateway/http1/trailers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway::http1 {
namespace {

constexpr ChunkedLimits kRoomy{
    .extension_bytes_max = 1U << 20, .trailer_bytes_max = 1U << 20, .trailer_count_max = 128};
constexpr ChunkedLimits kSmall{
    .extension_bytes_max = 8, .trailer_bytes_max = 24, .trailer_count_max = 2};

struct Decoded {
  std::string data;
  std::string trailers;
  Reason reason = Reason::none;
  bool done = false;
  std::size_t consumed = 0;
};

Decoded decode(std::string_view bytes, std::size_t piece, const ChunkedLimits& limits) {
  ChunkedDecoder decoder(limits);
  Decoded out;
  while (!bytes.empty()) {
    const std::string in(bytes.substr(0, piece));
    const auto step = decoder.next(in);
    CHECK(step.consumed <= in.size());
    CHECK((step.state == ChunkedDecoder::State::data) == !step.data.empty());
    CHECK((step.state == ChunkedDecoder::State::bad) == (step.reason != Reason::none));
    out.data += step.data;
    if (step.state == ChunkedDecoder::State::bad) {
      out.reason = step.reason;
      return out;
    }
    out.consumed += step.consumed;
    bytes.remove_prefix(step.consumed);
    if (step.state == ChunkedDecoder::State::done) {
      out.done = true;
      out.trailers = decoder.trailer_lines();
      FieldList fields;
      decoder.read_trailers(fields);
      CHECK(fields.empty() == out.trailers.empty());
      return out;
    }
    if (step.state == ChunkedDecoder::State::need_more) CHECK(step.consumed == in.size());
  }
  return out;
}

// A cursor over the whole body that reads RFC 9112 section 7.1 rule by rule. It knows no limits but
// those of sizes; it answers only for complete bodies.
class Grammar {
 public:
  explicit Grammar(std::string_view bytes) : rest_(bytes) {}

  // The body, or nothing when the bytes do not start with a complete one.
  std::optional<std::string> body() {
    std::string data;
    for (;;) {
      const auto size = chunk_size();
      if (!size || !extensions() || !literal("\r\n")) return std::nullopt;
      if (*size == 0) break;
      if (*size > rest_.size()) return std::nullopt;
      data += rest_.substr(0, *size);
      rest_.remove_prefix(*size);
      if (!literal("\r\n")) return std::nullopt;
    }
    while (!literal("\r\n")) {
      if (!trailer()) return std::nullopt;
    }
    return data;
  }

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  bool literal(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view take(CharClass which) {
    std::size_t size = 0;
    while (size < rest_.size() && is_in(rest_[size], which))
      ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  void blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t'))
      rest_.remove_prefix(1);
  }

  std::optional<std::uint64_t> chunk_size() {
    const std::string_view digits = take(hex_char);
    if (digits.empty() || digits.size() > 16) return std::nullopt;
    const std::uint64_t size = std::stoull(std::string(digits), nullptr, 16);
    if (size >> 63 != 0) return std::nullopt;
    return size;
  }

  // *( BWS ";" BWS name [ BWS "=" BWS value ] )
  bool extensions() {
    for (;;) {
      const std::string_view before = rest_;
      blanks();
      if (!literal(";")) {
        rest_ = before;
        return true;
      }
      blanks();
      if (take(token_char).empty()) return false;
      const std::string_view after_name = rest_;
      blanks();
      if (!literal("=")) {
        rest_ = after_name;
        continue;
      }
      blanks();
      if (literal("\"") ? !rest_of_quoted() : take(token_char).empty()) return false;
    }
  }

  bool rest_of_quoted() {
    while (!rest_.empty()) {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_[0];
        rest_.remove_prefix(1);
      }
      if (is_control(c)) return false;
    }
    return false;
  }

  bool trailer() {
    if (take(token_char).empty() || !literal(":")) return false;
    while (!rest_.empty() && !is_control(rest_[0]))
      rest_.remove_prefix(1);
    return literal("\r\n");
  }

  std::string_view rest_;
};

void check_written_again(const Decoded& decoded) {
  std::string encoded;
  if (!decoded.data.empty()) {
    std::array<char, kChunkHeaderBytesMax> header;
    ByteWriter out(header);
    write_chunk_header(out, decoded.data.size());
    encoded.append(out.view()).append(decoded.data).append(kLineEnd);
  }
  encoded.append(kLastChunk).append(decoded.trailers).append(kLineEnd);
  const Decoded again = decode(encoded, encoded.size(), kRoomy);
  CHECK(again.done && again.data == decoded.data && again.trailers == decoded.trailers);
}

void run(std::string_view bytes, std::size_t piece, bool small_limits) {
  const ChunkedLimits& limits = small_limits ? kSmall : kRoomy;
  const Decoded whole = decode(bytes, std::max<std::size_t>(bytes.size(), 1), limits);
  const Decoded split = decode(bytes, piece, limits);
  CHECK(whole.data == split.data && whole.trailers == split.trailers);
  CHECK(whole.reason == split.reason && whole.done == split.done);
  CHECK(!whole.done || whole.consumed == split.consumed);
  if (whole.done) check_written_again(whole);
  Grammar grammar(bytes);
  const auto body = grammar.body();
  if (whole.done) {
    CHECK(body && *body == whole.data);
    CHECK(grammar.left() == bytes.size() - whole.consumed);
  } else if (body && !small_limits) {
    CHECK(std::count(bytes.begin(), bytes.end(), '\n') > 128);  // the limit on trailer lines
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1

// The first byte: the lowest bit chooses small limits, the others the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ravelin::gateway::http1::run(bytes, 1U + (data[0] >> 1), (data[0] & 1) != 0);
  return 0;
}
