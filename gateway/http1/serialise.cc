// Status phrases and number formatting. No I/O.
#include "gateway/http1/serialise.h"

#include "base/check.h"

#include <array>
#include <charconv>

namespace ravelin::gateway::http1 {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

constexpr int kStatusMin = 100;
constexpr int kStatusMax = 599;

consteval std::array<std::string_view, kStatusMax - kStatusMin + 1> index_phrases() {
  std::array<std::string_view, kStatusMax - kStatusMin + 1> index{};
  for (const Phrase& phrase : kPhrases) {
    index[static_cast<std::size_t>(phrase.status - kStatusMin)] = phrase.text;
  }
  return index;
}

constexpr auto kPhraseIndex = index_phrases();

template <int Base>
std::string_view format_number(std::uint64_t value, std::array<char, 20>& digits) {
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, Base);
  return {digits.data(), static_cast<std::size_t>(result.ptr - digits.data())};
}

}  // namespace

void ByteWriter::append_decimal(std::uint64_t value) {
  std::array<char, 20> digits;
  append(format_number<10>(value, digits));
}

void ByteWriter::append_hex(std::uint64_t value) {
  std::array<char, 20> digits;
  append(format_number<16>(value, digits));
}

std::string_view reason_phrase(int status) {
  if (status < kStatusMin || status > kStatusMax) return {};
  return kPhraseIndex[static_cast<std::size_t>(status - kStatusMin)];
}

void write_request_line(ByteWriter& out, std::string_view method, std::string_view target) {
  out.append(method);
  out.append(' ');
  out.append(target);
  out.append(" HTTP/1.1\r\n");
}

void write_status_line(ByteWriter& out, int status) {
  write_status_line(out, status, reason_phrase(status));
}

void write_status_line(ByteWriter& out, int status, std::string_view phrase) {
  CHECK(status >= kStatusMin && status <= kStatusMax);
  out.append("HTTP/1.1 ");
  out.append_decimal(static_cast<std::uint64_t>(status));
  out.append(' ');
  out.append(phrase);
  out.append("\r\n");
}

void write_content_length(ByteWriter& out, std::uint64_t bytes) {
  out.append("Content-Length: ");
  out.append_decimal(bytes);
  out.append("\r\n");
}

void write_chunk_header(ByteWriter& out, std::uint64_t bytes) {
  CHECK(bytes != 0);
  out.append_hex(bytes);
  out.append("\r\n");
}

}  // namespace ravelin::gateway::http1
