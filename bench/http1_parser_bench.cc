// How long one head takes: scanning, parsing, both; Boost.Beast's parser beside it for scale.
// Run: scripts/build release with -DRAVELIN_BENCH=ON, then http1_parser_bench.
#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/http1/request_parser.h"
#include "gateway/http1/response_parser.h"
#include "gateway/http1/serialise.h"

#include <benchmark/benchmark.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <memory>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

constexpr std::string_view kBrowser =
    "GET /articles/2026/gateways.html?ref=home&page=2 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.com/\r\n"
    "Cookie: session=5f2d7b6e0c9a4e1f8b3d2c1a0f9e8d7c; theme=dark; consent=1\r\n"
    "Connection: keep-alive\r\n"
    "\r\n";

constexpr std::string_view kSmall =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:8443\r\nUser-Agent: wrk\r\n\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: 1024\r\n"
    "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
    "ETag: \"6740f0a0-400\"\r\n"
    "Accept-Ranges: bytes\r\n"
    "Connection: keep-alive\r\n"
    "\r\n";

void scan(benchmark::State& state, std::string_view head) {
  const HeadLimits limits;
  for ([[maybe_unused]] auto _ : state) {
    HeadScan scan;
    ParseResult why;
    benchmark::DoNotOptimize(scan_head(scan, head, HeadKind::request, limits, why));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void scan_and_parse(benchmark::State& state, std::string_view head) {
  const HeadLimits limits;
  const auto out = std::make_unique<RequestHead>();
  for ([[maybe_unused]] auto _ : state) {
    HeadScan scan;
    ParseResult why;
    benchmark::DoNotOptimize(scan_head(scan, head, HeadKind::request, limits, why));
    benchmark::DoNotOptimize(parse_request_head(scan.head(head), limits, *out));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void scan_and_parse_response(benchmark::State& state) {
  const HeadLimits limits;
  const auto out = std::make_unique<ResponseHead>();
  for ([[maybe_unused]] auto _ : state) {
    HeadScan scan;
    ParseResult why;
    benchmark::DoNotOptimize(scan_head(scan, kResponse, HeadKind::response, limits, why));
    benchmark::DoNotOptimize(parse_response_head(scan.head(kResponse), Method::get, limits, *out));
    benchmark::ClobberMemory();
  }
}

void beast_parse(benchmark::State& state, std::string_view head) {
  namespace http = boost::beast::http;
  for ([[maybe_unused]] auto _ : state) {
    http::request_parser<http::empty_body> parser;
    boost::beast::error_code error;
    benchmark::DoNotOptimize(parser.put(boost::asio::buffer(head.data(), head.size()), error));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void decode_chunks(benchmark::State& state) {
  std::string body;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (int i = 0; i < 64; ++i) {
    std::array<char, kChunkHeaderBytesMax> header;
    ByteWriter out(header);
    write_chunk_header(out, payload.size());
    body.append(out.view()).append(payload).append(kLineEnd);
  }
  body += kBodyEnd;
  for ([[maybe_unused]] auto _ : state) {
    ChunkedDecoder decoder{ChunkedLimits{}};
    std::string_view rest = body;
    for (auto step = decoder.next(rest); step.state == ChunkedDecoder::State::data;
         step = decoder.next(rest)) {
      benchmark::DoNotOptimize(step.data);
      rest.remove_prefix(step.consumed);
    }
  }
  state.SetItemsProcessed(state.iterations() * 64);
}

void write_head(benchmark::State& state) {
  const auto head = std::make_unique<RequestHead>();
  if (!parse_request_head(kBrowser, HeadLimits{}, *head).ok()) state.SkipWithError("not parsed");
  std::array<char, 4096> buffer;
  for ([[maybe_unused]] auto _ : state) {
    ByteWriter out(buffer);
    write_request_line(out, head->method_text, head->target);
    write_field(out, "Host", head->authority);
    for (const Field& field : head->fields) {
      if (!is_hop_by_hop(field.id)) write_field(out, field.name, field.value);
    }
    out.append(kLineEnd);
    benchmark::DoNotOptimize(out.view());
    benchmark::ClobberMemory();
  }
}

BENCHMARK_CAPTURE(scan, browser, kBrowser);
BENCHMARK_CAPTURE(scan_and_parse, browser, kBrowser);
BENCHMARK_CAPTURE(beast_parse, browser, kBrowser);
BENCHMARK_CAPTURE(scan_and_parse, small, kSmall);
BENCHMARK_CAPTURE(beast_parse, small, kSmall);
BENCHMARK(scan_and_parse_response);
BENCHMARK(decode_chunks)->Arg(1)->Arg(16)->Arg(4096);
BENCHMARK(write_head);

}  // namespace
}  // namespace ravelin::gateway::http1

BENCHMARK_MAIN();
