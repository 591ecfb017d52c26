// Heads, bodies without trailers and serialising never allocate, nor does refusing.
#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/http1/request_parser.h"
#include "gateway/http1/response_parser.h"
#include "gateway/http1/serialise.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Counts every allocation of this test binary. Not inlined: g++ would see free() meet operator new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace ravelin::gateway::http1 {
namespace {

TEST(Allocation, CounterCounts) {
  const std::size_t before = allocations;
  const auto something = std::make_unique<int>(1);
  EXPECT_GT(allocations, before);
}

TEST(Allocation, HeadsAreReadWithoutAny) {
  const std::string_view requests[] = {
      "GET http://A.b:80/c?d HTTP/1.1\r\nHost: a.B\r\nConnection: x, close\r\nX_Y: z\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: [::1]:8\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a,b\r\nContent-Length: 9\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n",
  };
  const auto request = std::make_unique<RequestHead>();
  const auto response = std::make_unique<ResponseHead>();
  const std::size_t before = allocations;
  for (const std::string_view bytes : requests) {
    HeadScan scan;
    ParseResult why;
    scan_head(scan, bytes, HeadKind::request, {}, why);
    static_cast<void>(parse_request_head(bytes, {}, *request));
    static_cast<void>(request->connection_names("x"));
  }
  static_cast<void>(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::get,
                                        {}, *response));
  EXPECT_EQ(allocations, before);
}

TEST(Allocation, BodiesAreDecodedAndHeadsWrittenWithoutAny) {
  std::array<char, 256> buffer;
  const std::size_t before = allocations;
  ChunkedDecoder decoder{ChunkedLimits{}};
  std::string_view rest = "5;a=\"b\"\r\nhello\r\n0\r\n\r\n";
  auto step = decoder.next(rest);
  rest.remove_prefix(step.consumed);
  step = decoder.next(rest);
  ByteWriter out(buffer);
  write_status_line(out, 200);
  write_content_length(out, 5);
  EXPECT_EQ(step.state, ChunkedDecoder::State::done);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace ravelin::gateway::http1
