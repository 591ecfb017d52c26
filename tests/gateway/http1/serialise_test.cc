#include "gateway/http1/serialise.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

TEST(Serialise, WritesHeads) {
  std::array<char, 512> buffer{};
  ByteWriter out(buffer);
  write_request_line(out, "GET", "/a?b");
  write_field(out, "Host", "h");
  write_content_length(out, 18446744073709551615ULL);
  out.append(kChunkedField);
  out.append(kLineEnd);
  EXPECT_EQ(out.view(),
            "GET /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_FALSE(out.overflowed());
  EXPECT_EQ(out.room(), buffer.size() - out.size());
}

TEST(Serialise, WritesStatusLines) {
  std::array<char, 256> buffer{};
  ByteWriter out(buffer);
  write_status_line(out, 200);
  write_status_line(out, 299);
  write_status_line(out, 404, "Gone fishing");
  EXPECT_EQ(out.view(), "HTTP/1.1 200 OK\r\nHTTP/1.1 299 \r\nHTTP/1.1 404 Gone fishing\r\n");
}

TEST(Serialise, WritesChunkHeaders) {
  std::array<char, 64> buffer{};
  ByteWriter out(buffer);
  write_chunk_header(out, 1);
  write_chunk_header(out, 0x1f4a);
  write_chunk_header(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out.view(), "1\r\n1f4a\r\nffffffffffffffff\r\n");
  std::array<char, kChunkHeaderBytesMax> exact{};
  ByteWriter largest(exact);
  write_chunk_header(largest, std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(largest.overflowed());
}

TEST(Serialise, NeverWritesPastTheBufferAndStaysOverflowed) {
  const std::string full = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t size = 0; size <= full.size(); ++size) {
    std::string buffer(size, '#');  // exactly that long: ASan sees one byte more
    ByteWriter out(buffer);
    write_request_line(out, "GET", "/");
    write_field(out, "Host", "h");
    out.append(kLineEnd);
    out.append("");
    EXPECT_EQ(out.overflowed(), size < full.size()) << size;
    EXPECT_TRUE(full.starts_with(out.view())) << size;
    if (out.overflowed()) {
      const std::size_t before = out.size();
      out.append('x');
      EXPECT_EQ(out.size(), before) << size;
      EXPECT_EQ(out.room(), 0U);
    }
  }
}

TEST(Serialise, KnowsPhrasesOfTheRegistryOnly) {
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(421), "Misdirected Request");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
  for (const int status : {-1, 0, 99, 299, 418, 599, 600, 10'000}) {
    EXPECT_EQ(reason_phrase(status), "") << status;
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
