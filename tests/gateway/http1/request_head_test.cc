// What a parsed request says: target, authority, persistence, body, upgrade, fields.
#include "gateway/http1/request_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

// Keeps the bytes in place that the head views.
struct Parsed {
  explicit Parsed(std::string_view lines) : bytes(std::string(lines) + "\r\n\r\n") {
    result = parse_request_head(bytes, HeadLimits{}, *head);
  }

  std::string bytes;
  std::unique_ptr<RequestHead> head = std::make_unique<RequestHead>();
  ParseResult result;
};

TEST(RequestHead, SplitsTheTarget) {
  struct Row {
    const char* lines;
    TargetForm form;
    std::string_view path;
    bool has_query;
    std::string_view query;
    std::string_view authority;
  };

  const Row rows[] = {
      {"GET /a/b?c=d HTTP/1.1\r\nHost: h", TargetForm::origin, "/a/b", true, "c=d", "h"},
      {"GET /? HTTP/1.1\r\nHost: h", TargetForm::origin, "/", true, "", "h"},
      {"GET /?a?b/c HTTP/1.1\r\nHost: h", TargetForm::origin, "/", true, "a?b/c", "h"},
      {"GET //x HTTP/1.1\r\nHost: h", TargetForm::origin, "//x", false, "", "h"},
      {"GET /%0d%0a%00 HTTP/1.1\r\nHost: h", TargetForm::origin, "/%0d%0a%00", false, "", "h"},
      {"OPTIONS * HTTP/1.1\r\nHost: h", TargetForm::asterisk, "*", false, "", "h"},
      {"GET http://H:81/a?b HTTP/1.1\r\nHost: h:81", TargetForm::absolute, "/a", true, "b", "H:81"},
      {"GET HTTPS://h HTTP/1.1\r\nHost: h", TargetForm::absolute, "/", false, "", "h"},
      {"GET http://h?q HTTP/1.1\r\nHost: h", TargetForm::absolute, "/", true, "q", "h"},
      {"OPTIONS http://h HTTP/1.1\r\nHost: h", TargetForm::absolute, "*", false, "", "h"},
      {"OPTIONS http://h/ HTTP/1.1\r\nHost: h", TargetForm::absolute, "/", false, "", "h"},
      {"GET http://[2001:DB8::1]:8/ HTTP/1.0", TargetForm::absolute, "/", false, "",
       "[2001:DB8::1]:8"},
  };
  for (const Row& row : rows) {
    const Parsed parsed(row.lines);
    SCOPED_TRACE(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << parsed.result.detail;
    EXPECT_EQ(parsed.head->target_form, row.form);
    EXPECT_EQ(parsed.head->path, row.path);
    EXPECT_EQ(parsed.head->has_query, row.has_query);
    EXPECT_EQ(parsed.head->query, row.query);
    EXPECT_EQ(parsed.head->authority, row.authority);
  }
}

TEST(RequestHead, KnowsTheSchemeOfAnAbsoluteTarget) {
  EXPECT_EQ(Parsed("GET / HTTP/1.1\r\nHost: h").head->target_scheme, Scheme::none);
  EXPECT_EQ(Parsed("GET http://h/ HTTP/1.1\r\nHost: h").head->target_scheme, Scheme::http);
  EXPECT_EQ(Parsed("GET https://h/ HTTP/1.1\r\nHost: h").head->target_scheme, Scheme::https);
}

TEST(RequestHead, HasNoAuthorityInHttp10WithoutHost) {
  const Parsed parsed("GET / HTTP/1.0");
  ASSERT_TRUE(parsed.result.ok());
  EXPECT_EQ(parsed.head->authority, "");
  EXPECT_EQ(parsed.head->host, "");
  EXPECT_FALSE(parsed.head->has_port);
}

TEST(RequestHead, DecidesPersistence) {
  struct Row {
    const char* lines;
    bool keep_alive;
  };

  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive, CLOSE", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: close", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: close", true},
      {"GET / HTTP/1.0\r\nHost: h", false},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive", true},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive, close", false},
      {"GET / HTTP/1.0\r\nHost: h\r\nProxy-Connection: keep-alive", false},
  };
  for (const Row& row : rows) {
    const Parsed parsed(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << row.lines;
    EXPECT_EQ(parsed.head->keep_alive, row.keep_alive) << row.lines;
  }
}

TEST(RequestHead, DecidesFramingAndLeavesNoFramingFieldInTheList) {
  struct Row {
    const char* lines;
    Framing framing;
    std::uint64_t length;
  };

  const Row rows[] = {
      {"POST / HTTP/1.1\r\nHost: h", Framing::none, 0},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007", Framing::length, 7},
      {"POST / HTTP/1.1\r\nContent-Length: 7\r\nHost: h\r\nContent-Length: 7", Framing::length, 7},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\tchunked\t", Framing::chunked, 0},
  };
  for (const Row& row : rows) {
    const Parsed parsed(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << row.lines;
    EXPECT_EQ(parsed.head->framing, row.framing) << row.lines;
    EXPECT_EQ(parsed.head->content_length, row.length) << row.lines;
    EXPECT_TRUE(parsed.head->fields.empty()) << row.lines;
  }
}

TEST(RequestHead, ExpectsContinueOnlyForABodyInHttp11) {
  struct Row {
    const char* lines;
    bool expects;
  };

  const Row rows[] = {
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue", true},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-CONTINUE", true},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue", false},
      {"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue", false},
      {"PUT / HTTP/1.0\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue", false},
  };
  for (const Row& row : rows) {
    const Parsed parsed(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << row.lines;
    EXPECT_EQ(parsed.head->expects_continue, row.expects) << row.lines;
  }
}

TEST(RequestHead, WantsAnUpgradeOnlyWhereOneIsSafe) {
  struct Row {
    const char* lines;
    std::string_view upgrade;  // "" = none wanted
  };

  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket", "websocket"},
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: a/1, b\r\nConnection: keep-alive, upgrade", "a/1, b"},
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade:", ""},
      {"GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket", ""},
      {"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: "
       "1",
       ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: a\r\nUpgrade: b", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket, H2C", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: http/2.0", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: web socket", ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: a/", ""},
  };
  for (const Row& row : rows) {
    const Parsed parsed(row.lines);
    ASSERT_TRUE(parsed.result.ok()) << row.lines;
    EXPECT_EQ(parsed.head->wants_upgrade, !row.upgrade.empty()) << row.lines;
    EXPECT_EQ(parsed.head->upgrade, row.upgrade) << row.lines;
  }
}

TEST(RequestHead, LeavesOutFieldsThatABackendMayTakeForOthers) {
  struct Row {
    std::string_view name;
    bool kept;
  };

  const Row rows[] = {
      {"X-Forwarded-For", true},
      {"X_Forwarded_For", false},
      {"X.Forwarded.For", false},
      {"Content_Length", false},
      {"Content.Length", false},
      {"Transfer|Encoding", false},
      {"my_own", false},
      {"my.own", true},
      {"a~b", true},
      {"X-Forwarded_For", false},
      {"x!forwarded-for", false},
      {"Cookie", true},
      {"my-own", true},
      {"Authorization_", false},
      {"x-real.ip", false},
      {"_", false},
      {"strict.transport-security.and.more", true},
  };
  for (const Row& row : rows) {
    const Parsed parsed("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(row.name) + ": v");
    ASSERT_TRUE(parsed.result.ok()) << row.name;
    EXPECT_EQ(parsed.head->fields.size(), row.kept ? 1U : 0U) << row.name;
    EXPECT_EQ(parsed.head->dropped_fields, row.kept ? 0U : 1U) << row.name;
  }
}

TEST(RequestHead, KeepsFieldsInOrderWithTrimmedValues) {
  const Parsed parsed("GET / HTTP/1.1\r\nA:b\r\nHost: h\r\nC: \td e\t \r\na:\r\nAccept: */*");
  ASSERT_TRUE(parsed.result.ok());
  std::vector<std::string> seen;
  for (const Field& field : parsed.head->fields) {
    seen.push_back(std::string(field.name) + "=" + std::string(field.value));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"A=b", "C=d e", "a=", "Accept=*/*"}));
  EXPECT_EQ(parsed.head->fields[3].id, FieldId::accept);
}

TEST(RequestHead, LetsConnectionNameOnlyUnknownFields) {
  const Parsed parsed(
      "GET / HTTP/1.1\r\nHost: h\r\n"
      "Connection: close, X-Hop, Host, Content-Length, Cookie, Authorization\r\n"
      "Connection: x-forwarded-for, X-Forwarded-User, x-second , Cache-Control\r\n"
      "X-Hop: 1");
  ASSERT_TRUE(parsed.result.ok());
  const RequestHead& head = *parsed.head;
  EXPECT_TRUE(head.connection_names("x-hop"));
  EXPECT_TRUE(head.connection_names("X-Second"));
  EXPECT_FALSE(head.connection_names("x-other"));
  for (const std::string_view name : {"Host", "Content-Length", "Cookie", "Authorization",
                                      "X-Forwarded-For", "X-Forwarded-User", "Cache-Control"}) {
    EXPECT_FALSE(head.connection_names(name)) << name;
  }
  EXPECT_FALSE(
      Parsed("GET / HTTP/1.1\r\nHost: h\r\nConnection: close").head->connection_names("close"));
}

TEST(RequestHead, TellsTheLogWhatWasReadBeforeARefusal) {
  const Parsed parsed("DELETE /x HTTP/1.1\r\nHost: h\r\nHost: h");
  EXPECT_EQ(parsed.result.reason, Reason::bad_host);
  EXPECT_EQ(parsed.head->method_text, "DELETE");
  EXPECT_EQ(parsed.head->target, "/x");
}

TEST(RequestHead, ForgetsTheRequestBefore) {
  RequestHead head;
  ASSERT_TRUE(parse_request_head("GET /a?b HTTP/1.1\r\nHost: H:1\r\nConnection: upgrade\r\n"
                                 "Upgrade: x\r\nX_Y: z\r\n\r\n",
                                 {}, head)
                  .ok());
  ASSERT_TRUE(parse_request_head("POST /c HTTP/1.0\r\n\r\n", {}, head).ok());
  EXPECT_EQ(head.method, Method::post);
  EXPECT_FALSE(head.has_query || head.has_port || head.host_has_upper || head.wants_upgrade);
  EXPECT_FALSE(head.keep_alive || head.connection.upgrade);
  EXPECT_EQ(head.host, "");
  EXPECT_EQ(head.upgrade, "");
  EXPECT_EQ(head.dropped_fields, 0U);
  EXPECT_TRUE(head.fields.empty());
  head.clear();
  EXPECT_EQ(head.method_text, "");
  EXPECT_EQ(head.target, "");
  EXPECT_EQ(head.path, "");
}

}  // namespace
}  // namespace ravelin::gateway::http1
