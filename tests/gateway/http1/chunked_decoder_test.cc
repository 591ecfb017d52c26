#include "gateway/http1/chunked_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct Decoded {
  std::string data;
  std::string trailers;
  Reason reason = Reason::none;
  bool done = false;
  std::size_t consumed = 0;  // of a complete body

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view bytes, std::size_t piece, const ChunkedLimits& limits = {}) {
  ChunkedDecoder decoder(limits);
  Decoded out;
  while (!bytes.empty()) {
    const std::string in(bytes.substr(0, piece));  // its own memory: reads past it show up in ASan
    const auto step = decoder.next(in);
    out.data += step.data;
    if (step.state == ChunkedDecoder::State::bad) {
      out.reason = step.reason;
      EXPECT_FALSE(step.detail.empty());
      EXPECT_EQ(decoder.next("x").reason, step.reason);
      EXPECT_EQ(decoder.next("").reason, step.reason);
      return out;
    }
    out.consumed += step.consumed;
    bytes.remove_prefix(step.consumed);
    if (step.state == ChunkedDecoder::State::done) {
      out.done = true;
      out.trailers = decoder.trailer_lines();
      EXPECT_EQ(decoder.next(bytes).consumed, 0U);
      return out;
    }
    if (step.state == ChunkedDecoder::State::need_more) EXPECT_EQ(step.consumed, in.size());
  }
  return out;
}

TEST(ChunkedDecoder, DecodesLegalBodiesInEverySplit) {
  struct Row {
    std::string_view bytes;
    std::string_view data;
    std::string_view trailers;
  };

  const Row rows[] = {
      {"0\r\n\r\n", "", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""},
      {"A\r\n0123456789\r\n00\r\n\r\n", "0123456789", ""},
      {"0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello", ""},
      {"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", ""},
      {"1;a\r\nx\r\n0;b=c\r\n\r\n", "x", ""},
      {"1;a;b;c=d\r\nx\r\n0\r\n\r\n", "x", ""},
      {"1 ; a = b ; c\r\nx\r\n0\r\n\r\n", "x", ""},
      {"1\t;\ta\t=\t\"b\"\t;c\r\nx\r\n0\r\n\r\n", "x", ""},
      {"1;a=\"\"\r\nx\r\n0\r\n\r\n", "x", ""},
      {"1;a=\"b;c=\\\"\\\\ \t\xc3\xa9\";d\r\nx\r\n0\r\n\r\n", "x", ""},
      {"1\r\nx\r\n0\r\nX-Sum: abc\r\n\r\n", "x", "X-Sum: abc\r\n"},
      {"1\r\nx\r\n0\r\nA:b\r\nC: \t d \r\n\r\n", "x", "A:b\r\nC: \t d \r\n"},
      {"1\r\nx\r\n0\r\nHost: h\r\nA: b\r\nCookie: c\r\n\r\n", "x", "A: b\r\n"},
  };
  for (const Row& row : rows) {
    for (std::size_t piece = 1; piece <= row.bytes.size(); ++piece) {
      const Decoded out = decode(row.bytes, piece);
      EXPECT_TRUE(out.done) << row.bytes;
      EXPECT_EQ(out.data, row.data) << row.bytes;
      EXPECT_EQ(out.trailers, row.trailers) << row.bytes;
      EXPECT_EQ(out.consumed, row.bytes.size());
    }
  }
}

TEST(ChunkedDecoder, LeavesTheNextMessageAlone) {
  const Decoded out = decode("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n", 1000);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.consumed, 11U);
}

TEST(ChunkedDecoder, RefusesMalformedBodiesInEverySplit) {
  using namespace std::string_view_literals;

  struct Row {
    std::string_view bytes;
    Reason reason;
  };

  const Row rows[] = {
      {"\r\n"sv, Reason::bad_chunk},
      {"Z\r\n"sv, Reason::bad_chunk},
      {"-1\r\n"sv, Reason::bad_chunk},
      {"+1\r\n"sv, Reason::bad_chunk},
      {" 1\r\n"sv, Reason::bad_chunk},
      {"\t1\r\n"sv, Reason::bad_chunk},
      {"0x1\r\n"sv, Reason::bad_chunk},
      {"1_0\r\n"sv, Reason::bad_chunk},
      {"1,2\r\n"sv, Reason::bad_chunk},
      {";a\r\n"sv, Reason::bad_chunk},
      {"1 \r\n"sv, Reason::bad_chunk},
      {"1 2\r\n"sv, Reason::bad_chunk},
      {"1\t\r\n"sv, Reason::bad_chunk},
      {"1\n"sv, Reason::bad_chunk},
      {"1\rx"sv, Reason::bad_chunk},
      {"1\r\r\n"sv, Reason::bad_chunk},
      {"1\v\r\n"sv, Reason::bad_chunk},
      {"1\0\r\n"sv, Reason::bad_chunk},
      {"1\xa0\r\n"sv, Reason::bad_chunk},
      {"8000000000000000\r\n"sv, Reason::bad_chunk},
      {"ffffffffffffffff\r\n"sv, Reason::bad_chunk},
      {"00000000000000001\r\n"sv, Reason::bad_chunk},
      {"10000000000000000\r\n"sv, Reason::bad_chunk},
      {"1;\r\n"sv, Reason::bad_chunk},
      {"1; \r\n"sv, Reason::bad_chunk},
      {"1;;a\r\n"sv, Reason::bad_chunk},
      {"1;=a\r\n"sv, Reason::bad_chunk},
      {"1;a=\r\n"sv, Reason::bad_chunk},
      {"1;a= \r\n"sv, Reason::bad_chunk},
      {"1;a \r\n"sv, Reason::bad_chunk},
      {"1;a b\r\n"sv, Reason::bad_chunk},
      {"1;a=b \r\n"sv, Reason::bad_chunk},
      {"1;a=b=c\r\n"sv, Reason::bad_chunk},
      {"1;a=\"b\" \r\n"sv, Reason::bad_chunk},
      {"1;a=\"b\"c\r\n"sv, Reason::bad_chunk},
      {"1;a=b\"c\"\r\n"sv, Reason::bad_chunk},
      {"1;a=\"b\r\n"sv, Reason::bad_chunk},
      {"1;a=\"\n\"\r\n"sv, Reason::bad_chunk},
      {"1;a=\"\\\r\n\"\r\n"sv, Reason::bad_chunk},
      {"1;a=\"\0\"\r\n"sv, Reason::bad_chunk},
      {"1;a=\"\x7f\"\r\n"sv, Reason::bad_chunk},
      {"1;a\n"sv, Reason::bad_chunk},
      {"1;a=b\n"sv, Reason::bad_chunk},
      {"1;\xc3\xa9\r\n"sv, Reason::bad_chunk},
      {"1;a@b\r\n"sv, Reason::bad_chunk},
      {"1 ;a b\r\n"sv, Reason::bad_chunk},
      {"1 x\r\n"sv, Reason::bad_chunk},
      {"1\r\nxx"sv, Reason::bad_chunk},
      {"1\r\nx\n"sv, Reason::bad_chunk},
      {"1\r\nx\r0"sv, Reason::bad_chunk},
      {"1\r\nx0\r\n\r\n"sv, Reason::bad_chunk},
      {"5\r\nhello\r\n\r\n0\r\n\r\n"sv, Reason::bad_chunk},
      {"0\n\n"sv, Reason::bad_chunk},
      {"0\r\n\n"sv, Reason::bad_trailer},
      {"0\r\n\rx"sv, Reason::bad_trailer},
      {"0\r\nA\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\n: a\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA : b\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA: b\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA: b\r\n c\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\n a: b\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA: \0\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA: b\rc\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nA\xe9: b\r\n\r\n"sv, Reason::bad_trailer},
      {"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, Reason::bad_trailer},
  };
  for (const Row& row : rows) {
    for (std::size_t piece = 1; piece <= row.bytes.size(); ++piece) {
      const Decoded out = decode(row.bytes, piece);
      EXPECT_EQ(out.reason, row.reason) << row.bytes << " in pieces of " << piece;
      EXPECT_FALSE(out.done) << row.bytes;
    }
  }
}

TEST(ChunkedDecoder, ReadsTheLargestSize) {
  ChunkedDecoder decoder{ChunkedLimits{}};
  EXPECT_EQ(decoder.next("7fffffffffffffff\r\nabc").data, "abc");
}

TEST(ChunkedDecoder, CountsExtensionBytesOverTheWholeMessage) {
  // Two extensions of 4 bytes (";a=b") each.
  const std::string_view bytes = "1;a=b\r\nx\r\n1;a=b\r\nx\r\n0\r\n\r\n";
  for (const std::size_t piece : {1, 4, 100}) {
    EXPECT_TRUE(decode(bytes, piece, {.extension_bytes_max = 8}).done);
    EXPECT_EQ(decode(bytes, piece, {.extension_bytes_max = 7}).reason, Reason::bad_chunk);
    EXPECT_EQ(decode("1 ;a\r\n", piece, {.extension_bytes_max = 0}).reason, Reason::bad_chunk);
  }
}

TEST(ChunkedDecoder, LimitsTrailersToTheByteAndLine) {
  const std::string_view bytes = "0\r\nA: b\r\nC: d\r\n\r\n";  // 12 trailer bytes in 2 lines
  for (const std::size_t piece : {1, 2, 5, 100}) {
    EXPECT_TRUE(decode(bytes, piece, {.trailer_bytes_max = 12, .trailer_count_max = 2}).done);
    EXPECT_EQ(decode(bytes, piece, {.trailer_bytes_max = 11}).reason, Reason::bad_trailer);
    EXPECT_EQ(decode(bytes, piece, {.trailer_bytes_max = 9}).reason, Reason::bad_trailer);
    EXPECT_EQ(decode(bytes, piece, {.trailer_count_max = 1}).reason, Reason::bad_trailer);
    EXPECT_TRUE(decode("0\r\n\r\n", piece, {0, 0, 0}).done);
  }
  std::string many = "0\r\n";
  for (std::size_t i = 0; i <= kFieldCountCeiling; ++i)
    many += "A: b\r\n";
  EXPECT_EQ(decode(many + "\r\n", 4096, {.trailer_count_max = 100'000}).reason,
            Reason::bad_trailer);
}

TEST(ChunkedDecoder, ShowsTrailersOnlyWhenDone) {
  ChunkedDecoder decoder{ChunkedLimits{}};
  EXPECT_EQ(decoder.next("0\r\nA: b\r\n").state, ChunkedDecoder::State::need_more);
  EXPECT_FALSE(decoder.has_trailers());
  EXPECT_EQ(decoder.trailer_lines(), "");
  FieldList fields;
  decoder.read_trailers(fields);
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(decoder.next("C: d \r\n\r\n").state, ChunkedDecoder::State::done);
  EXPECT_TRUE(decoder.is_done());
  EXPECT_TRUE(decoder.has_trailers());
  decoder.read_trailers(fields);
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[1].name, "C");
  EXPECT_EQ(fields[1].value, "d");
}

TEST(ChunkedDecoder, StaysSmall) {
  EXPECT_LE(sizeof(ChunkedDecoder), 96U);
}

}  // namespace
}  // namespace ravelin::gateway::http1
