#include "gateway/admin/admin_server.h"

#include "tests/gateway/admin/admin_client.h"
#include "tests/gateway/admin/running_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace ravelin::gateway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class Admin : public ::testing::Test {
 protected:
  void start() { ASSERT_TRUE(admin_.start()); }

  AdminTestClient socket_client() { return AdminTestClient::to_socket(admin_.options.socket); }

  AdminTestClient tcp_client(int receive_bytes = 0) {
    return AdminTestClient::to_tcp(admin_.tcp(), receive_bytes);
  }

  RunningAdmin admin_;
};

TEST_F(Admin, AnswersManyRequestsOnOneConnection) {
  start();
  AdminTestClient client = socket_client();
  for (int i = 0; i < 3; ++i) {
    const std::string response = client.ask(request_text("GET", "/v1/status"));
    EXPECT_EQ(status_of(response), 200);
    EXPECT_THAT(response, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(response, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(response, HasSubstr("\"version\":\"1.2.3\""));
  }
  EXPECT_THAT(client.ask(request_text("POST", "/v1/servers/web/one/drain")),
              HasSubstr("\"state\":\"drain\""));
  EXPECT_THAT(client.ask(request_text("POST", "/v1/servers/web/one/weight", "{\"weight\":8}")),
              HasSubstr("\"weight\":8"));
}

TEST_F(Admin, AnswersPipelinedRequestsInOrder) {
  start();
  AdminTestClient client = socket_client();
  client.send(request_text("GET", "/healthz") + request_text("POST", "/v1/reload") +
              request_text("GET", "/nowhere") + request_text("HEAD", "/v1/status"));
  EXPECT_THAT(client.read_response(), EndsWith("{\"alive\":true}\n"));
  EXPECT_THAT(client.read_response(), EndsWith("{\"generation\":8}\n"));
  EXPECT_EQ(status_of(client.read_response()), 404);
  client.close_writing();
  const std::string head = client.read_until_closed();
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(Admin, AnswersARequestThatArrivesByteByByte) {
  start();
  AdminTestClient client = socket_client();
  for (const char byte : request_text("POST", "/v1/servers/web/one/weight", "{\"weight\":8}"))
    ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST_F(Admin, ClosesAfterOneRequestWhenAsked) {
  start();
  AdminTestClient old = socket_client();
  old.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_until_closed(), HasSubstr("Connection: close\r\n"));
  AdminTestClient once = socket_client();
  once.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(once.read_until_closed()), 200);
}

TEST_F(Admin, ClosesAConnectionAfterAHundredRequests) {
  start();
  AdminTestClient client = socket_client();
  for (int i = 1; i < 100; ++i)
    ASSERT_EQ(status_of(client.ask(request_text("GET", "/healthz"))), 200);
  EXPECT_THAT(client.ask(request_text("GET", "/healthz")), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(client.read_until_closed(), IsEmpty());
}

TEST_F(Admin, IsReadOnlyOnTcp) {
  start();
  AdminTestClient client = tcp_client();
  EXPECT_EQ(status_of(client.ask(request_text("GET", "/metrics"))), 200);
  const std::string page = client.ask(request_text("GET", "/"));
  EXPECT_THAT(page, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; "));
  EXPECT_THAT(page, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  const std::string refused = client.ask(request_text("POST", "/v1/reload"));
  EXPECT_EQ(status_of(refused), 403);
  EXPECT_THAT(refused, HasSubstr("read-only"));
  EXPECT_THAT(client.ask(request_text("GET", "/v1/status")), HasSubstr("\"generation\":7"));
}

TEST_F(Admin, SaysNotReadyWhileDraining) {
  admin_.backend.drain();
  start();
  EXPECT_EQ(status_of(tcp_client().ask(request_text("GET", "/readyz"))), 503);
  EXPECT_EQ(status_of(tcp_client().ask(request_text("GET", "/healthz"))), 200);
}

TEST_F(Admin, InvitesABodyThatWaits) {
  start();
  AdminTestClient client = socket_client();
  client.send(
      "POST /v1/servers/web/one/weight HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 12\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 100);
  EXPECT_EQ(status_of(client.ask("{\"weight\":8}")), 200);
}

// ---- what is refused ----
struct RefusedCase {
  const char* name;
  std::string request;
  int status;
};

const RefusedCase kRefusedCases[] = {
    {"Garbage", "\x16\x03\x01\x02 hello\r\n\r\n", 400},
    {"NoHost", "GET /healthz HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"BadLength", "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
    {"TwoLengths",
     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     400},
    {"Chunked",
     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
    {"ChunkedWithATrailerOf64KiB",
     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " +
         std::string(65536, 'a') + "\r\n\r\n",
     411},
    {"OtherCoding", "POST /v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 411},
    {"HeaderTooLarge",
     "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(8192, 'a') + "\r\n\r\n", 431},
    {"HeaderThatNeverEnds", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'a'),
     431},
    {"TargetTooLong", "GET /" + std::string(9000, 'a'), 431},
    {"BodyTooLarge",
     "POST /v1/servers/web/one/weight HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n" +
         std::string(65537, ' '),
     413},
    {"BodyHuge",
     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n", 413},
};

class AdminRefuses : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(AdminRefuses, AndCloses) {
  RunningAdmin admin;
  ASSERT_TRUE(admin.start());
  AdminTestClient client = AdminTestClient::to_socket(admin.options.socket);
  ASSERT_TRUE(client.send(GetParam().request));
  const std::string response = client.read_response();
  EXPECT_EQ(status_of(response), GetParam().status) << response;
  EXPECT_THAT(response, HasSubstr("\"error\":{\"code\":"));
  client.close_writing();
  EXPECT_THAT(client.read_until_closed(), IsEmpty());
  AdminTestClient other = AdminTestClient::to_socket(admin.options.socket);
  EXPECT_THAT(other.ask(request_text("GET", "/v1/status")), HasSubstr("\"generation\":7"));
}

INSTANTIATE_TEST_SUITE_P(All, AdminRefuses, ::testing::ValuesIn(kRefusedCases),
                         [](const auto& test) { return test.param.name; });

TEST_F(Admin, TakesABodyOfExactly64KiB) {
  start();
  const std::string body = "{\"weight\":8}" + std::string(65536 - 12, ' ');
  EXPECT_EQ(
      status_of(socket_client().ask(request_text("POST", "/v1/servers/web/one/weight", body))),
      200);
}

// ---- clients that are slow, or many ----
TEST_F(Admin, GivesUpOnARequestThatDoesNotArrive) {
  admin_.options.deadline = 100ms;
  start();
  AdminTestClient slow = socket_client();
  slow.send("GET /healthz HTTP/1.1\r\nHost:");
  EXPECT_EQ(status_of(slow.read_response()), 408);
  EXPECT_THAT(slow.read_until_closed(), IsEmpty());
  AdminTestClient slow_body = tcp_client();
  slow_body.send("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(status_of(slow_body.read_response()), 408);
}

TEST_F(Admin, ClosesAConnectionThatSaysNothing) {
  admin_.options.deadline = 100ms;
  start();
  EXPECT_THAT(socket_client().read_until_closed(), IsEmpty());
  EXPECT_THAT(tcp_client().read_until_closed(), IsEmpty());
}

TEST_F(Admin, GivesUpOnAReaderThatDoesNotRead) {
  constexpr std::size_t kBytes = std::size_t{64} * 1024 * 1024;
  admin_.options.deadline = 100ms;
  admin_.backend.set_metrics(std::string(kBytes, '#'));
  start();
  AdminTestClient slow = tcp_client(4096);
  slow.send(request_text("GET", "/metrics"));
  AdminTestClient other = socket_client();
  EXPECT_EQ(status_of(other.ask(request_text("GET", "/healthz"))), 200);
  // Closed connections that said nothing pass the time until the slow one is over.
  while (admin_.connections() > 0)
    EXPECT_THAT(socket_client().read_until_closed(), IsEmpty());
  EXPECT_LT(slow.read_until_closed().size(), kBytes);
}

TEST_F(Admin, RefusesMoreThanItsConnections) {
  admin_.options.connections_max = 2;
  start();
  auto one = std::make_unique<AdminTestClient>(tcp_client());
  AdminTestClient two = tcp_client();
  EXPECT_EQ(status_of(one->ask(request_text("GET", "/healthz"))), 200);
  EXPECT_EQ(status_of(two.ask(request_text("GET", "/healthz"))), 200);
  AdminTestClient three = tcp_client();
  const std::string busy = three.read_response();
  EXPECT_EQ(status_of(busy), 503);
  EXPECT_THAT(busy, EndsWith("too many admin connections at once\"}}\n"));
  EXPECT_THAT(three.read_until_closed(), IsEmpty());
  // The operator's socket is not in the way of what happens on TCP.
  EXPECT_EQ(status_of(socket_client().ask(request_text("GET", "/healthz"))), 200);
  EXPECT_EQ(status_of(two.ask(request_text("GET", "/healthz"))), 200);
  one.reset();
  int status = 503;
  for (int i = 0; i < 1000 && status != 200; ++i)
    status = status_of(tcp_client().ask(request_text("GET", "/healthz")));
  EXPECT_EQ(status, 200);
}

// ---- the socket file ----
TEST_F(Admin, KeepsTheSocketToItsGroupAndRemovesIt) {
  start();

  struct stat info {};

  ASSERT_EQ(::lstat(admin_.options.socket.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0660U);
  AdminTestClient open = socket_client();
  EXPECT_EQ(status_of(open.ask(request_text("GET", "/healthz"))), 200);
  admin_.stop();
  EXPECT_THAT(open.read_until_closed(), IsEmpty());
  EXPECT_NE(::lstat(admin_.options.socket.c_str(), &info), 0);
}

TEST_F(Admin, ReplacesASocketNobodyAnswers) {
  ASSERT_TRUE(open_listener(base::UnixEndpoint{admin_.options.socket}, ReusePort::no));
  start();
  EXPECT_EQ(status_of(socket_client().ask(request_text("GET", "/healthz"))), 200);
}

TEST_F(Admin, LeavesASocketThatIsInUse) {
  start();
  RunningAdmin second;
  second.options.socket = admin_.options.socket;
  const auto failed = second.start();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, StartsWith("admin.socket: listening on unix:"));
  EXPECT_THAT(failed.error().message, EndsWith("address already in use"));
  EXPECT_EQ(status_of(socket_client().ask(request_text("GET", "/healthz"))), 200);
}

TEST_F(Admin, LeavesTheSocketOfItsSuccessor) {
  start();
  std::filesystem::remove(admin_.options.socket);
  const auto successor = open_listener(base::UnixEndpoint{admin_.options.socket}, ReusePort::no);
  ASSERT_TRUE(successor);
  admin_.stop();
  EXPECT_TRUE(socket_client().is_connected());
}

TEST_F(Admin, LeavesNothingBehindWhenItCannotOpen) {
  start();
  RunningAdmin second;
  second.options.listen = admin_.tcp();
  const auto failed = second.start();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, StartsWith("admin.listen: listening on 127.0.0.1:"));
  EXPECT_FALSE(std::filesystem::exists(second.options.socket));
}

}  // namespace
}  // namespace ravelin::gateway
