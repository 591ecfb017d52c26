// A byte machine over the framing, slices over the payload. Every place names what may come next;
// what it does not name is refused. No I/O.
#include "gateway/http1/chunked_decoder.h"

#include "gateway/http1/byte_scan.h"
#include "gateway/http1/trailers.h"

#include <algorithm>

namespace ravelin::gateway::http1 {
namespace {

constexpr std::uint8_t kSizeDigitsMax = 16;
constexpr std::uint64_t kSizeMax = 0x7fff'ffff'ffff'ffff;

constexpr const char* kBadExtension = "malformed chunk extension";

// RFC 9110 section 5.6.4: what may stand in a quoted string, quotes and backslash aside.
bool is_quotable(char c) {
  return !is_control(c);
}

}  // namespace

ChunkedDecoder::ChunkedDecoder(const ChunkedLimits& limits) : limits_(limits) {
  constexpr auto kCountCeiling = static_cast<std::uint32_t>(kFieldCountCeiling);
  limits_.trailer_count_max = std::min(limits_.trailer_count_max, kCountCeiling);
}

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view in) {
  if (place_ == Place::bad) return refuse(0, reason_, detail_);
  std::size_t at = 0;
  while (place_ != Place::done && at < in.size()) {
    const char* wrong = nullptr;
    switch (place_) {
      case Place::data: {
        const std::uint64_t taken = std::min<std::uint64_t>(left_, in.size() - at);
        const std::string_view data = in.substr(at, taken);
        left_ -= taken;
        if (left_ == 0) place_ = Place::data_cr;
        return {State::data, at + data.size(), data, Reason::none, {}};
      }
      case Place::trailer:
        at += take_trailer(in.substr(at));
        if (place_ == Place::bad) return refuse(at, reason_, detail_);
        break;
      case Place::trailer_lf:
        wrong = in[at] == '\n' ? end_trailer_line() : "carriage return without line feed";
        if (wrong != nullptr) return refuse(at, Reason::bad_trailer, wrong);
        ++at;
        break;
      default:
        wrong = take_framing(in[at]);
        if (wrong != nullptr) return refuse(at, Reason::bad_chunk, wrong);
        ++at;
    }
  }
  return {place_ == Place::done ? State::done : State::need_more, at, {}, Reason::none, {}};
}

const char* ChunkedDecoder::take_framing(char c) {
  switch (place_) {
    case Place::size_first:
    case Place::size:
      return take_size(c);
    case Place::size_lf:
      if (c != '\n') return "chunk size line does not end with CRLF";
      place_ = left_ == 0 ? Place::trailer : Place::data;
      return nullptr;
    case Place::data_cr:
      if (c != '\r') return "chunk data does not end with CRLF";
      place_ = Place::data_lf;
      return nullptr;
    case Place::data_lf:
      if (c != '\n') return "chunk data does not end with CRLF";
      place_ = Place::size_first;
      size_digits_ = 0;
      return nullptr;
    default:
      return take_extension(c);
  }
}

const char* ChunkedDecoder::take_size(char c) {
  if (is_in(c, hex_char)) {
    if (size_digits_ == kSizeDigitsMax) return "chunk size has more than 16 digits";
    left_ = (left_ << 4) | hex_value(c);  // zero when a chunk starts
    ++size_digits_;
    place_ = Place::size;
    return nullptr;
  }
  if (place_ == Place::size_first) return "chunk size is not a hexadecimal number";
  if (left_ > kSizeMax) return "chunk size is too large";
  return end_of_extension(c, Place::before_semicolon);
}

// After a size, a name or a value: what ends it. Blanks may follow only where ";" or "=" comes.
const char* ChunkedDecoder::end_of_extension(char c, Place after_blank) {
  if (c == '\r') {
    place_ = Place::size_lf;
    return nullptr;
  }
  if (c == ';') {
    place_ = Place::name_first;
  } else if (is_blank(c)) {
    place_ = after_blank;
  } else {
    return place_ == Place::size ? "chunk size is not a hexadecimal number" : kBadExtension;
  }
  if (++extension_bytes_ > limits_.extension_bytes_max) return "chunk extensions over their limit";
  return nullptr;
}

const char* ChunkedDecoder::take_extension(char c) {
  switch (place_) {
    case Place::name:
      if (c == '=') break;
      if (is_in(c, token_char)) break;
      return end_of_extension(c, Place::after_name);
    case Place::value:
      if (is_in(c, token_char)) break;
      return end_of_extension(c, Place::before_semicolon);
    case Place::after_quoted:
      return end_of_extension(c, Place::before_semicolon);
    default:
      break;
  }
  if (++extension_bytes_ > limits_.extension_bytes_max) return "chunk extensions over their limit";
  return take_extension_text(c);
}

// The bytes of an extension itself: "; name", "= value", quoted strings.
const char* ChunkedDecoder::take_extension_text(char c) {
  const bool is_token_char = is_in(c, token_char);
  switch (place_) {
    case Place::before_semicolon:
      if (!is_blank(c) && c != ';') return kBadExtension;
      if (c == ';') place_ = Place::name_first;
      return nullptr;
    case Place::name_first:
      if (!is_blank(c) && !is_token_char) return kBadExtension;
      if (is_token_char) place_ = Place::name;
      return nullptr;
    case Place::name:
      if (c == '=') place_ = Place::value_first;
      return nullptr;
    case Place::after_name:
      if (!is_blank(c) && c != '=' && c != ';') return kBadExtension;
      if (c == '=') place_ = Place::value_first;
      if (c == ';') place_ = Place::name_first;
      return nullptr;
    case Place::value_first:
      if (!is_blank(c) && c != '"' && !is_token_char) return kBadExtension;
      if (c == '"') place_ = Place::quoted;
      if (is_token_char) place_ = Place::value;
      return nullptr;
    case Place::quoted:
      if (!is_quotable(c)) return "control character in a chunk extension";
      if (c == '"') place_ = Place::after_quoted;
      if (c == '\\') place_ = Place::quoted_pair;
      return nullptr;
    case Place::quoted_pair:
      if (!is_quotable(c)) return "control character in a chunk extension";
      place_ = Place::quoted;
      return nullptr;
    default:  // Place::value: a token character, nothing to decide
      return nullptr;
  }
}

std::size_t ChunkedDecoder::take_trailer(std::string_view in) {
  const char* const end = find_control(in.data(), in.data() + in.size());
  const auto size = static_cast<std::size_t>(end - in.data());
  if (size > limits_.trailer_bytes_max - trailers_.size()) {
    reason_ = Reason::bad_trailer;
    detail_ = "trailers are over their limit";
    place_ = Place::bad;
    return 0;
  }
  trailers_.append(in.data(), size);
  trailer_line_bytes_ += static_cast<std::uint32_t>(size);
  if (size == in.size()) return size;
  if (*end != '\r') {
    reason_ = Reason::bad_trailer;
    detail_ = *end == '\n' ? "line feed without carriage return" : "control character in a trailer";
    place_ = Place::bad;
    return size;
  }
  place_ = Place::trailer_lf;
  return size + 1;
}

const char* ChunkedDecoder::end_trailer_line() {
  if (trailer_line_bytes_ == 0) {
    const ParseResult kept = keep_forwardable(trailers_);
    place_ = Place::done;
    return kept.ok() ? nullptr : kept.detail.data();
  }
  constexpr std::string_view kLineEnd = "\r\n";
  if (++trailer_count_ > limits_.trailer_count_max) return "more trailer lines than allowed";
  if (trailers_.size() + kLineEnd.size() > limits_.trailer_bytes_max) {
    return "trailers are over their limit";
  }
  trailers_.append(kLineEnd);
  trailer_line_bytes_ = 0;
  place_ = Place::trailer;
  return nullptr;
}

ChunkedDecoder::Step ChunkedDecoder::refuse(std::size_t consumed, Reason reason,
                                            const char* detail) {
  place_ = Place::bad;
  reason_ = reason;
  detail_ = detail;
  return {State::bad, consumed, {}, reason, detail};
}

void ChunkedDecoder::read_trailers(FieldList& out) const {
  http1::read_trailers(trailer_lines(), out);
}

}  // namespace ravelin::gateway::http1
