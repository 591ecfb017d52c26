// Writing heads and chunk framing into a buffer the caller owns. What goes out is always written
// from values, never copied from received framing. Pure, no allocation; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace ravelin::gateway::http1 {

// Appends to a fixed buffer. What does not fit is left out whole and overflowed() stays true from
// then on, with nothing more written: check once, at the end.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<char> buffer) : buffer_(buffer) {}

  void append(std::string_view text) {
    if (text.size() > room()) {
      overflow();
      return;
    }
    if (!text.empty()) std::memcpy(buffer_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }

  void append(char c) { append(std::string_view(&c, 1)); }

  void append_decimal(std::uint64_t value);
  void append_hex(std::uint64_t value);  // lower case, no leading zeros

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t room() const { return buffer_.size() - size_; }

  [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  void overflow() {
    overflowed_ = true;
    buffer_ = buffer_.first(size_);  // no room for anything later
  }

  std::span<char> buffer_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

// The standard phrase (RFC 9110 section 15 and the IANA registry); "" for codes without one.
std::string_view reason_phrase(int status);

// All lines end with CRLF and claim HTTP/1.1. Texts must hold no control character: those of parsed
// heads and checked configuration do not.
void write_request_line(ByteWriter& out, std::string_view method, std::string_view target);
void write_status_line(ByteWriter& out, int status);  // with its standard phrase
void write_status_line(ByteWriter& out, int status, std::string_view phrase);

inline void write_field(ByteWriter& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

void write_content_length(ByteWriter& out, std::uint64_t bytes);

inline constexpr std::string_view kChunkedField = "Transfer-Encoding: chunked\r\n";
inline constexpr std::string_view kLineEnd = "\r\n";     // ends a head, a chunk, a trailer section
inline constexpr std::string_view kLastChunk = "0\r\n";  // then trailer lines, then kLineEnd
inline constexpr std::string_view kBodyEnd = "0\r\n\r\n";
inline constexpr std::size_t kChunkHeaderBytesMax = 18;  // 16 digits and CRLF

// "1f4\r\n"; the payload and kLineEnd follow. `bytes` is not 0: that would end the body.
void write_chunk_header(ByteWriter& out, std::uint64_t bytes);

}  // namespace ravelin::gateway::http1
