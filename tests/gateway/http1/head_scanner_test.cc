#include "gateway/http1/head_scanner.h"

#include "gateway/http1/byte_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct Scanned {
  ScanStatus status = ScanStatus::need_more;
  Reason reason = Reason::none;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t delivered = 0;  // bytes there were when it ended

  friend bool operator==(const Scanned&, const Scanned&) = default;
};

Scanned scan(std::string_view bytes, std::size_t piece, HeadKind kind = HeadKind::request,
             const HeadLimits& limits = {}) {
  HeadScan state;
  ParseResult why;
  std::size_t size = 0;
  ScanStatus status = ScanStatus::need_more;
  while (status == ScanStatus::need_more && size < bytes.size()) {
    size = std::min(bytes.size(), size + piece);
    const std::string copy(bytes.substr(0, size));  // a buffer that moves and ends where it ends
    status = scan_head(state, copy, kind, limits, why);
    EXPECT_LE(state.scanned, size);
  }
  return {status, why.reason, state.begin, state.end, size};
}

TEST(HeadScanner, FindsTheEndAndWhatFollowsIsNotLookedAt) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::size_t piece : {1, 2, 5, 1000}) {
    const Scanned found = scan(head + "\n\x01garbage", piece);
    EXPECT_EQ(found.status, ScanStatus::complete) << piece;
    EXPECT_EQ(found.begin, 0U);
    EXPECT_EQ(found.end, head.size());
  }
}

TEST(HeadScanner, SkipsUpToTwoEmptyLinesBeforeARequest) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::size_t piece : {1, 3, 1000}) {
    EXPECT_EQ(scan("\r\n" + head, piece).begin, 2U);
    EXPECT_EQ(scan("\r\n\r\n" + head, piece).begin, 4U);
    EXPECT_EQ(scan("\r\n\r\n" + head, piece).end, head.size() + 4);
    EXPECT_EQ(scan("\r\n\r\n\r\n" + head, piece).reason, Reason::bad_request_line);
  }
}

TEST(HeadScanner, SkipsNoEmptyLineBeforeAResponse) {
  EXPECT_EQ(scan("\r\nHTTP/1.1 200 OK\r\n\r\n", 1, HeadKind::response).reason,
            Reason::upstream_bad_response);
}

TEST(HeadScanner, RefusesAtOnceWhatCannotBecomeAHead) {
  struct Row {
    std::string_view bytes;
    Reason reason;
    std::size_t at;  // bytes needed to tell
  };

  using namespace std::string_view_literals;
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\n\n"sv, Reason::bad_field, 24},
      {"GET / HTTP/1.1\n"sv, Reason::bad_request_line, 15},
      {"GET / HTTP/1.1\r\r"sv, Reason::bad_request_line, 16},
      {"GET / HTTP/1.1\r\nA: b\rc"sv, Reason::bad_field, 22},
      {"GET / HTTP/1.1\r\nA: \0"sv, Reason::bad_field, 20},
      {"GET / HTTP/1.1\r\nA: \x7f"sv, Reason::bad_field, 20},
      {"\x16\x03\x01\x02\x00\x01"sv, Reason::bad_request_line, 1},  // a TLS ClientHello
      {"\n"sv, Reason::bad_request_line, 1},
      {"\r\n\n"sv, Reason::bad_request_line, 3},
      {"GET /\r\n"sv, Reason::unsupported_version, 7},
      {"PRI * HTTP/2.0\r\n"sv, Reason::unsupported_version, 16},
      {"hello world, hello\r\n"sv, Reason::bad_request_line, 20},
      {"PROXY TCP4 127.0.0.1 127.0.0.1 1 443\r\n"sv, Reason::bad_request_line, 38},
  };
  for (const Row& row : rows) {
    const Scanned found = scan(row.bytes, 1);
    EXPECT_EQ(found.status, ScanStatus::bad) << row.bytes;
    EXPECT_EQ(found.reason, row.reason) << row.bytes;
    EXPECT_EQ(found.delivered, row.at) << row.bytes;
  }
}

TEST(HeadScanner, RefusesResponsesThatAreNone) {
  for (const std::string_view bytes :
       {"HTTP/2 200\r\n", "HTTP/1.1\r\n", "HTTP/1.1  \n", "HTTP/1.2 200 OK\r\n", "SSH-2.0-x\r\n",
        "HTTP/1.1\t200 OK\r\n", "ICY 200 OK\r\n"}) {
    EXPECT_EQ(scan(bytes, 1, HeadKind::response).reason, Reason::upstream_bad_response) << bytes;
  }
  EXPECT_EQ(scan("HTTP/1.0 200 OK\r\nA: b\r\n\r\n", 1, HeadKind::response).status,
            ScanStatus::complete);
}

TEST(HeadScanner, HoldsTheLimitsToTheByteForEverySplit) {
  const std::string head = "GET /abc HTTP/1.1\r\nHost: a\r\n\r\n";
  constexpr std::uint32_t kLine = 17;
  const auto size = static_cast<std::uint32_t>(head.size());
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    EXPECT_EQ(scan(head, piece, HeadKind::request, {kLine, size, 9}).status, ScanStatus::complete);
    EXPECT_EQ(scan(head, piece, HeadKind::request, {kLine - 1, size, 9}).reason,
              Reason::line_too_long);
    EXPECT_EQ(scan(head, piece, HeadKind::request, {kLine, size - 1, 9}).reason,
              Reason::header_too_large);
    EXPECT_EQ(scan(head, piece, HeadKind::request, {kLine, kLine, 9}).reason,
              Reason::header_too_large);
    EXPECT_EQ(scan("\r\n" + head, piece, HeadKind::request, {kLine, size, 9}).status,
              ScanStatus::complete);
  }
  EXPECT_EQ(scan("HTTP/1.1 200 OKOKOK\r\n\r\n", 1, HeadKind::response, {kLine, size, 9}).reason,
            Reason::upstream_header_too_large);
}

TEST(HeadScanner, StopsAnEndlessLineAtItsLimit) {
  const HeadLimits limits{.line_bytes_max = 100, .header_bytes_max = 300};
  EXPECT_EQ(scan(std::string(1000, 'A'), 1, HeadKind::request, limits).delivered, 101U);
  const std::string long_field = "GET / HTTP/1.1\r\nA: " + std::string(1000, 'b');
  const Scanned found = scan(long_field, 1, HeadKind::request, limits);
  EXPECT_EQ(found.reason, Reason::header_too_large);
  EXPECT_EQ(found.delivered, 300U);
}

// Every position of the empty line within the scanner's blocks, with every kind of trouble there.
TEST(HeadScanner, SeesTroubleAtEveryBlockOffset) {
  for (std::size_t padding = 0; padding < 140; ++padding) {
    const std::string head =
        "GET / HTTP/1.1\r\nA: b\r\nC: " + std::string(padding, 'd') + "\r\nE: f\r\n\r\n";
    const Scanned whole = scan(head + std::string(80, 'x'), 4096);
    EXPECT_EQ(whole.status, ScanStatus::complete) << padding;
    EXPECT_EQ(whole.end, head.size()) << padding;
    for (std::size_t at = 0; at < head.size(); ++at) {
      for (const char c : {'\n', '\r', '\0', '\x7f', '\x1f'}) {
        if (head[at] == c) continue;
        std::string broken = head + std::string(80, 'x');
        broken[at] = c;
        EXPECT_EQ(scan(broken, 4096).status, ScanStatus::bad) << padding << " " << at;
      }
    }
  }
}

TEST(ByteScan, FindsControlsAndTokenEndsAtEveryOffset) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_control_char = (byte < 0x20 && c != '\t') || byte == 0x7f;
    for (std::size_t size = 1; size <= 36; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = c;
        const char* const end = text.data() + size;
        const char* const control = find_control(text.data(), end);
        EXPECT_EQ(control, is_control_char ? text.data() + at : end);
        const char* const token = find_token_end(text.data(), end);
        EXPECT_EQ(token, is_in(c, token_char) ? end : text.data() + at);
      }
    }
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
