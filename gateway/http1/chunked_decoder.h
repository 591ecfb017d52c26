// The chunked coding (RFC 9112 section 7.1) without I/O: bytes in, slices of the same bytes out.
// Extensions are checked and dropped, trailers checked, filtered and kept. The worker's thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/parse_result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::gateway::http1 {

struct ChunkedLimits {
  std::uint32_t extension_bytes_max = 4 * 1024;  // all chunk extensions of one message together
  std::uint32_t trailer_bytes_max = 8 * 1024;    // all trailer lines with their CRLF
  std::uint32_t trailer_count_max = 32;          // lines; above kFieldCountCeiling counts as that
};

// Decodes one message body; make a new one for the next. Any split of the same bytes gives the same
// data and ends the same way. Allocates only when trailer lines come.
// Refuses (bad_chunk, bad_trailer): anything but CRLF at the end of a line, sizes that are not 1 to
// 16 hexadecimal digits or exceed 2^63 - 1, malformed extensions (a quoted string may hold no
// control character), blanks other than around an extension's ";" and "=", whatever is_control() in
// a trailer, folded and otherwise malformed trailer lines, and everything over the limits.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    need_more,  // all of the input was consumed
    data,       // `data` is payload; call again with what follows `consumed`
    done,       // the body is complete; what follows `consumed` belongs to the next message
    bad,        // `reason` and `detail` say why; so does every later call
  };

  struct Step {
    State state = State::need_more;
    std::size_t consumed = 0;
    std::string_view data;  // a slice of the input, not empty; only for State::data
    Reason reason = Reason::none;
    std::string_view detail;
  };

  explicit ChunkedDecoder(const ChunkedLimits& limits);

  Step next(std::string_view in);

  [[nodiscard]] bool is_done() const { return place_ == Place::done; }

  // Whether trailer fields that may be forwarded came (trailers.h); after done only.
  [[nodiscard]] bool has_trailers() const { return is_done() && !trailers_.empty(); }

  // Those fields as lines, "name: value" CRLF each, ready to be sent on; empty before done.
  [[nodiscard]] std::string_view trailer_lines() const {
    return has_trailers() ? std::string_view(trailers_) : std::string_view();
  }

  // The same as fields; views into this object.
  void read_trailers(FieldList& out) const;

 private:
  // Where in the coding the next byte stands.
  enum class Place : std::uint8_t {
    size_first,
    size,
    before_semicolon,
    name_first,
    name,
    after_name,
    value_first,
    value,
    quoted,
    quoted_pair,
    after_quoted,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_lf,
    done,
    bad,
  };

  // Each takes one byte and returns null, or what is wrong with it.
  const char* take_framing(char c);
  const char* take_size(char c);
  const char* take_extension(char c);
  const char* take_extension_text(char c);
  const char* end_of_extension(char c, Place after_blank);
  // Takes bytes from `in` up to the end of a trailer line; returns how many.
  std::size_t take_trailer(std::string_view in);
  const char* end_trailer_line();
  Step refuse(std::size_t consumed, Reason reason, const char* detail);

  ChunkedLimits limits_;
  Place place_ = Place::size_first;
  Reason reason_ = Reason::none;
  std::uint8_t size_digits_ = 0;
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t trailer_count_ = 0;
  std::uint32_t trailer_line_bytes_ = 0;  // of the line being read
  std::uint64_t left_ = 0;                // size being read, then bytes left of the chunk
  const char* detail_ = nullptr;
  std::string trailers_;
};

}  // namespace ravelin::gateway::http1
