// Whole classes around the collected cases: every control character at every position of a request,
// and every byte in every framing-relevant place.
#include "tests/gateway/http1/wire.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

const std::string kGet =
    "GET /path?query HTTP/1.1\r\nHost: gw.test\r\nX-Name: some value\r\nAccept: */*\r\n\r\n";
const std::string kLength =
    "POST /path HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
const std::string kChunked =
    "POST /path HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;name=token;other=\"quoted\"\r\nhello\r\n0\r\nX-Trailer: value\r\n\r\n";

std::string controls() {
  std::string all("\x7f");
  for (char c = 0; c < 0x20; ++c) {
    if (c != '\t') all += c;
  }
  return all;
}

class ControlCharacters : public testing::TestWithParam<std::string> {};

TEST_P(ControlCharacters, AreRefusedWhereverTheyAreInserted) {
  // An LF put before the last LF is the same as one put behind the message.
  for (std::size_t at = 0; at + 1 < GetParam().size(); ++at) {
    for (const char c : controls()) {
      const std::string bytes = std::string(GetParam()).insert(at, 1, c);
      const WireOutcome outcome = read_requests(bytes, bytes.size());
      EXPECT_TRUE(outcome.refused()) << "at " << at << " byte " << int(c);
      EXPECT_TRUE(outcome.requests.empty()) << "at " << at << " byte " << int(c);
    }
  }
}

TEST_P(ControlCharacters, AreRefusedWhateverTheyReplace) {
  for (std::size_t at = 0; at < GetParam().size(); ++at) {
    for (const char c : controls()) {
      std::string bytes = GetParam();
      if (bytes[at] == c) continue;
      bytes[at] = c;
      const WireOutcome outcome = read_requests(bytes + "x", bytes.size() + 1);
      const bool is_payload = outcome.requests.size() == 1 && outcome.requests[0].body.size() == 5;
      EXPECT_TRUE(outcome.refused() || is_payload) << "at " << at << " byte " << int(c);
      if (!is_payload) EXPECT_TRUE(outcome.requests.empty()) << "at " << at << " byte " << int(c);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Requests, ControlCharacters, testing::Values(kGet, kChunked),
                         [](const auto& row) { return row.index == 0 ? "Get" : "Chunked"; });

// Every single byte replaced by every other: what is still read is a request of the same kind, in
// the same number, whether it comes at once or byte by byte.
TEST(Neighbours, OneChangedByteNeverMakesTwoRequests) {
  for (const std::string& original : {kGet, kLength + "hello", kChunked}) {
    for (std::size_t at = 0; at < original.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string bytes = original;
        bytes[at] = static_cast<char>(byte);
        const WireOutcome whole = read_requests(bytes, bytes.size());
        EXPECT_LE(whole.requests.size(), 1U) << at << " " << byte;
        EXPECT_EQ(read_requests(bytes, 1), whole) << at << " " << byte;
      }
    }
  }
}

TEST(Neighbours, EveryDeletedByteEndsTheSameInAnySplit) {
  for (const std::string& original : {kGet, kLength + "hello", kChunked}) {
    for (std::size_t at = 0; at < original.size(); ++at) {
      const std::string bytes = std::string(original).erase(at, 1);
      const WireOutcome whole = read_requests(bytes, bytes.size());
      EXPECT_LE(whole.requests.size(), 1U) << at;
      for (const std::size_t piece : {1, 3, 17}) {
        EXPECT_EQ(read_requests(bytes, piece), whole) << at << " in pieces of " << piece;
      }
    }
  }
}

TEST(Neighbours, NamesTakeExactlyTheTokenCharacters) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_token_char =
        byte < 128 && (std::isalnum(byte) != 0 || kPunctuation.find(c) != std::string_view::npos);
    for (const std::string prefix : {"", "a", "abcdefghijklmnopqrst"}) {
      const std::string name = prefix + c + "z";
      const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n" + name + ": v\r\n\r\n";
      const bool is_read = read_requests(bytes, bytes.size()).requests.size() == 1;
      const bool splits_name = c == ':' && !prefix.empty();  // a shorter name, a value with ":"
      EXPECT_EQ(is_read, is_token_char || splits_name) << byte << " after " << prefix;
    }
  }
}

TEST(Neighbours, ValuesTakeEverythingButControls) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    const std::string bytes =
        std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a") + static_cast<char>(byte) + "b\r\n\r\n";
    EXPECT_EQ(read_requests(bytes, bytes.size()).requests.size(), is_control ? 0U : 1U) << byte;
  }
}

// Each byte before, inside and after the words that frame a message.
TEST(Neighbours, FramingValuesTakeNothingButBlanksAround) {
  struct Row {
    const char* name;
    std::string value;
    std::string body;
  };

  const Row rows[] = {
      {"Content-Length", "5", "hello"},
      {"Transfer-Encoding", "chunked", "0\r\n\r\n"},
  };
  for (const Row& row : rows) {
    for (std::size_t at = 0; at <= row.value.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool is_blank = c == ' ' || c == '\t';
        const bool is_outside = at == 0 || at == row.value.size();
        const bool is_digit = byte >= '0' && byte <= '9' && row.value == "5";
        if (is_digit) continue;  // another length
        const std::string bytes = std::string("POST / HTTP/1.1\r\nHost: h\r\n") + row.name + ":" +
                                  std::string(row.value).insert(at, 1, c) + "\r\n\r\n" + row.body;
        const bool is_read = read_requests(bytes, bytes.size()).requests.size() == 1;
        EXPECT_EQ(is_read, is_blank && is_outside) << row.name << " at " << at << " byte " << byte;
      }
    }
  }
}

TEST(Neighbours, ChunkSizesTakeExactlyHexDigits) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_hex = byte < 128 && std::isxdigit(byte) != 0;
    const std::string bytes = head + static_cast<char>(byte) + "\r\n";
    EXPECT_EQ(read_requests(bytes, bytes.size()).refused(), !is_hex) << byte;
  }
}

TEST(Neighbours, PipelinedRequestsAreReadOneByOneInAnySplit) {
  const std::string bytes =
      kLength.substr(0, kLength.size()) + "hello" + kChunked + kGet + "\r\n" + kGet;
  const WireOutcome whole = read_requests(bytes, bytes.size());
  ASSERT_FALSE(whole.refused()) << whole.detail;
  ASSERT_EQ(whole.requests.size(), 4U);
  EXPECT_EQ(whole.requests[0].body, "hello");
  EXPECT_EQ(whole.requests[1].body, "hello");
  EXPECT_EQ(whole.requests[1].trailers, "X-Trailer: value\r\n");
  EXPECT_FALSE(whole.unfinished);
  for (std::size_t piece = 1; piece < 80; ++piece) {
    EXPECT_EQ(read_requests(bytes, piece), whole) << piece;
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
