#include "gateway/http1/response_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct ParsedResponse {
  explicit ParsedResponse(std::string_view lines, Method method = Method::get)
      : bytes(std::string(lines) + "\r\n\r\n") {
    result = parse_response_head(bytes, method, HeadLimits{}, *head);
  }

  std::string bytes;
  std::unique_ptr<ResponseHead> head = std::make_unique<ResponseHead>();
  ParseResult result;
};

TEST(ResponseParser, ReadsTheStatusLine) {
  const ParsedResponse parsed("HTTP/1.1 404 Not \tFound\xc3\xa9\r\nContent-Length: 0");
  ASSERT_TRUE(parsed.result.ok());
  EXPECT_EQ(parsed.head->status, 404);
  EXPECT_EQ(parsed.head->reason_phrase, "Not \tFound\xc3\xa9");
  EXPECT_EQ(parsed.head->minor_version, 1);
  EXPECT_EQ(ParsedResponse("HTTP/1.1 200 ").head->reason_phrase, "");
  EXPECT_EQ(ParsedResponse("HTTP/1.1 200").head->status, 200);
  EXPECT_EQ(ParsedResponse("HTTP/1.0 599 x").head->minor_version, 0);
}

TEST(ResponseParser, FramesBodies) {
  struct Row {
    const char* lines;
    Method method;
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
  };

  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5", Method::get, Framing::length, 5, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", Method::get, Framing::length, 5,
       true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0", Method::get, Framing::length, 0, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", Method::get, Framing::chunked, 0, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close", Method::get,
       Framing::chunked, 0, false},
      {"HTTP/1.1 200 OK", Method::get, Framing::until_close, 0, false},
      {"HTTP/1.1 200 OK\r\nConnection: keep-alive", Method::get, Framing::until_close, 0, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5", Method::get, Framing::length, 5, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive", Method::get,
       Framing::length, 5, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5", Method::head, Framing::none, 5, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", Method::head, Framing::none, 0, true},
      {"HTTP/1.1 200 OK", Method::head, Framing::none, 0, true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5", Method::get, Framing::none, 5, true},
      {"HTTP/1.1 304 Not Modified", Method::get, Framing::none, 0, true},
      {"HTTP/1.1 204 No Content", Method::get, Framing::none, 0, true},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0", Method::get, Framing::none, 0, true},
      {"HTTP/1.1 100 Continue", Method::post, Framing::none, 0, true},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>", Method::get, Framing::none, 0, true},
  };
  for (const Row& row : rows) {
    const ParsedResponse parsed(row.lines, row.method);
    SCOPED_TRACE(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << parsed.result.detail;
    EXPECT_EQ(parsed.head->framing, row.framing);
    EXPECT_EQ(parsed.head->content_length, row.length);
    EXPECT_EQ(parsed.head->keep_alive, row.keep_alive);
    EXPECT_FALSE(parsed.head->fields.has(FieldId::content_length));
    EXPECT_FALSE(parsed.head->fields.has(FieldId::transfer_encoding));
  }
}

TEST(ResponseParser, TellsALengthOfZeroFromNone) {
  EXPECT_TRUE(ParsedResponse("HTTP/1.1 200 OK\r\nContent-Length: 0", Method::head)
                  .head->has_content_length);
  EXPECT_FALSE(ParsedResponse("HTTP/1.1 200 OK", Method::head).head->has_content_length);
}

TEST(ResponseParser, RefusesWhatCannotBeFramedOrRead) {
  const char* const rows[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6",
      "HTTP/1.1 200 OK\r\nContent-Length: 5, 5",
      "HTTP/1.1 200 OK\r\nContent-Length: -1",
      "HTTP/1.1 200 OK\r\nContent-Length:",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding:",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 204 No Content\r\nContent-Length: 5",
      "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 100 Continue\r\nContent-Length: 5",
      "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked",
      "HTTP/1.1 101 Switching Protocols",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade",
      "HTTP/1.1 200 OK\r\nConnection: a b",
      "HTTP/1.1 099 x",
      "HTTP/1.1 600 x",
      "HTTP/1.1 20 x",
      "HTTP/1.1 2000 x",
      "HTTP/1.1 20x OK",
      "HTTP/1.1  200 OK",
      "HTTP/1.1 +20 OK",
      "HTTP/1.1 200-OK",
      "HTTP/2.0 200 OK",
      "HTTP/1.2 200 OK",
      "HTTP/1.1",
      "HTTP/1.1 ",
      "http/1.1 200 OK",
      "HTTP/1.1 200 O\x01K",
      "HTTP/1.1 200 OK\r\nX: a\x01",
      "HTTP/1.1 200 OK\r\nX: a\x7f",
      "HTTP/1.1 200 OK\r\nX: a\nY: b",
      "HTTP/1.1 200 OK\r\nX: a\r\n folded",
      "HTTP/1.1 200 OK\r\nX : a",
      "HTTP/1.1 200 OK\r\nX",
      "HTTP/1.1 200 OK\r\n: x",
      "HTTP/1.1 200 OK\r\n\r\nX: a",
      "HTTP/1.1 200 OK\r\n\rX: a",
      "",
  };
  for (const char* const lines : rows) {
    const ParsedResponse parsed(lines);
    EXPECT_EQ(parsed.result.reason, Reason::upstream_bad_response) << lines;
    EXPECT_FALSE(parsed.result.detail.empty()) << lines;
  }
}

TEST(ResponseParser, RefusesANulInAValue) {
  std::string head = "HTTP/1.1 200 OK\r\nX: a?b\r\n\r\n";
  head[head.find('?')] = '\0';
  ResponseHead out;
  EXPECT_EQ(parse_response_head(head, Method::get, {}, out).reason, Reason::upstream_bad_response);
}

TEST(ResponseParser, MarksASwitchOfProtocols) {
  const ParsedResponse parsed(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket");
  ASSERT_TRUE(parsed.result.ok()) << parsed.result.detail;
  EXPECT_TRUE(parsed.head->switches_protocol);
  EXPECT_FALSE(parsed.head->keep_alive);
  EXPECT_EQ(parsed.head->framing, Framing::none);
}

TEST(ResponseParser, KeepsFieldsAndHopByHopNames) {
  const ParsedResponse parsed(
      "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nMy_Own: b\r\nConnection: close, my_own, Set-Cookie");
  ASSERT_TRUE(parsed.result.ok());
  ASSERT_EQ(parsed.head->fields.size(), 3U);
  EXPECT_EQ(parsed.head->fields[1].name, "My_Own");
  EXPECT_TRUE(parsed.head->connection_names("My_Own"));
  EXPECT_FALSE(parsed.head->connection_names("Set-Cookie"));
  EXPECT_FALSE(parsed.head->keep_alive);
}

TEST(ResponseParser, HoldsTheLimits) {
  const std::string_view head = "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n";
  constexpr std::uint32_t kLine = 15;
  const auto size = static_cast<std::uint32_t>(head.size());
  ResponseHead out;
  const auto reason = [&](HeadLimits limits) {
    return parse_response_head(head, Method::get, limits, out).reason;
  };
  EXPECT_EQ(reason({kLine, size, 2}), Reason::none);
  EXPECT_EQ(reason({kLine - 1, size, 2}), Reason::upstream_header_too_large);
  EXPECT_EQ(reason({kLine, size - 1, 2}), Reason::upstream_header_too_large);
  EXPECT_EQ(reason({kLine, size, 1}), Reason::upstream_header_too_large);
}

}  // namespace
}  // namespace ravelin::gateway::http1
