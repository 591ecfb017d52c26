// What the answer to an HTTP check means, whatever pieces it comes in.
#include "gateway/upstream/check_http.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

// "passed", the detail of a failure, or "more" when neither is decided and the server stays open.
std::string judge_in_pieces(const HealthConfig& config, std::string_view bytes, std::size_t piece,
                            bool closes) {
  HttpCheckReader reader(config);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    // A copy of its own, so that a view kept too long is found.
    const std::string own(part);
    if (const auto result = reader.feed(own)) return result->passed ? "passed" : result->detail;
  }
  if (!closes) return "more";
  const CheckResult result = reader.closed();
  return result.passed ? "passed" : result.detail;
}

struct AnswerCase {
  const char* name;
  std::string answer;
  const char* wanted;  // body_contains
  const char* expected;
};

const AnswerCase kAnswers[] = {
    {"Ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", "passed"},
    {"RedirectCounts", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "", "passed"},
    {"Http10", "HTTP/1.0 200 OK\r\n\r\nok", "", "passed"},
    {"ServerError", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "",
     "status 500 is not in 200-399"},
    {"AfterInterim", "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "", "passed"},
    {"TextWithLength", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall good!", "good", "passed"},
    {"TextWithChunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n6\r\n good!\r\n0\r\n\r\n",
     "all good!", "passed"},
    {"TextUntilClose", "HTTP/1.0 200 OK\r\n\r\nall good!", "good", "passed"},
    {"OtherText", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", "good",
     "the body does not contain the wanted text"},
    {"OtherTextInChunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n", "good",
     "the body does not contain the wanted text"},
    {"OtherTextUntilClose", "HTTP/1.0 200 OK\r\n\r\nbad", "good",
     "the body does not contain the wanted text"},
    {"NoBody", "HTTP/1.1 204 No Content\r\n\r\n", "good",
     "the body does not contain the wanted text"},
    {"EmptyBody", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "good",
     "the body does not contain the wanted text"},
    {"TextBehindTheBodyIsNotBody", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbadgood", "good",
     "the body does not contain the wanted text"},
    {"ClosedAtOnce", "", "", "the server closed without an answer"},
    {"ClosedInTheHead", "HTTP/1.1 200 OK\r\nServer", "",
     "the server closed in the middle of the head"},
    {"ClosedInTheBody", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall", "good",
     "the server closed in the middle of the body"},
    {"ClosedInAChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nall", "good",
     "the server closed in the middle of the body"},
    {"SwitchesUnasked", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "",
     "bad response: it switches the protocol unasked"},
};

TEST(HttpCheck, AnswersMeanTheSameInAnyPieces) {
  for (const AnswerCase& row : kAnswers) {
    HealthConfig config;
    config.body_contains = row.wanted;
    for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL})
      EXPECT_EQ(judge_in_pieces(config, row.answer, piece, true), row.expected)
          << row.name << " in pieces of " << piece;
  }
}

TEST(HttpCheck, GarbageIsRefusedAtOnce) {
  for (const std::string answer :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\nServer: x\n\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_TRUE(judge_in_pieces(HealthConfig{}, answer, 1000, false).starts_with("bad response: "))
        << answer;
  }
}

TEST(HttpCheck, ABadChunkIsRefused) {
  HealthConfig config;
  config.body_contains = "good";
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
  EXPECT_TRUE(judge_in_pieces(config, answer, 1000, false).starts_with("bad response: "));
}

TEST(HttpCheck, InterimResponsesHaveALimit) {
  std::string answer;
  for (int i = 0; i < 100; ++i)
    answer += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(judge_in_pieces(HealthConfig{}, answer, 1000, false),
            "bad response: too many interim responses");
}

TEST(HttpCheck, AnEndlessHeadIsRefused) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 60; ++i)
    answer += "X-Filler: " + std::string(1000, 'x') + "\r\n";
  EXPECT_TRUE(judge_in_pieces(HealthConfig{}, answer, 4096, false).starts_with("bad response: "));
}

TEST(HttpCheck, OnlyTheFirst16KiBOfTheBodyAreLookedAt) {
  HealthConfig config;
  config.body_contains = "good";
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  const std::string missing = "the first 16 KiB of the body do not contain the wanted text";
  EXPECT_EQ(
      judge_in_pieces(config, head + std::string(kCheckBodyMax - 4, 'x') + "good", 1000, false),
      "passed");
  EXPECT_EQ(
      judge_in_pieces(config, head + std::string(kCheckBodyMax - 3, 'x') + "good", 1000, false),
      missing);
  EXPECT_EQ(judge_in_pieces(config, head + std::string(90'000, 'x'), 90'000, false), missing);
}

TEST(HttpCheck, WaitsWhileNothingIsDecided) {
  HealthConfig config;
  config.body_contains = "good";
  EXPECT_EQ(judge_in_pieces(config, "HTTP/1.1 200 OK\r\n", 1000, false), "more");
  EXPECT_EQ(judge_in_pieces(config, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall ", 3, false),
            "more");
}

TEST(HttpCheck, StatusRangesAreInclusive) {
  HealthConfig config;
  config.status = {{200, 204}, {418, 418}};
  const auto with_status = [&](int status) {
    return judge_in_pieces(config, fmt::format("HTTP/1.1 {} x\r\n\r\n", status), 1000, true);
  };
  EXPECT_EQ(with_status(200), "passed");
  EXPECT_EQ(with_status(204), "passed");
  EXPECT_EQ(with_status(418), "passed");
  EXPECT_EQ(with_status(205), "status 205 is not in 200-204, 418");
}

TEST(HttpCheck, AsksForThePathAtTheHost) {
  HealthConfig config;
  config.path = "/healthz?deep=1";
  EXPECT_EQ(http_check_request(config, "10.0.0.1:80"),
            "GET /healthz?deep=1 HTTP/1.1\r\nHost: 10.0.0.1:80\r\nUser-Agent: ravelin-check\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n");
  EXPECT_NE(http_check_request(config, "unix:/run/app").find("\r\nHost: localhost\r\n"),
            std::string::npos);
  config.host = "app.internal";
  EXPECT_NE(http_check_request(config, "10.0.0.1:80").find("\r\nHost: app.internal\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace ravelin::gateway
