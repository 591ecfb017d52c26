// Checks against real servers on loopback: what each kind accepts, and that each ends in time.
#include "gateway/upstream/check_run.h"

#include "tests/gateway/tls/memory_handshake.h"
#include "tests/gateway/upstream/loopback.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::issue;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;
using Manner = Backend::Manner;

class CheckRun : public testing::Test {
 protected:
  CheckRun() { config_.timeout = 10s; }

  CheckResult check(const AddressList& addresses,
                    std::shared_ptr<const UpstreamContext> tls = nullptr) {
    CheckTarget target{std::make_shared<const HealthConfig>(config_),
                       std::make_shared<const AddressList>(addresses), std::move(tls), "app"};
    const auto result = run_task(reactor_, run_check(std::move(target), reactor_, buffers_));
    return result.value_or(CheckResult{false, "the check did not end"});
  }

  CheckResult check(const Backend& backend, std::shared_ptr<const UpstreamContext> tls = nullptr) {
    return check({to_socket_address(backend.endpoint())}, std::move(tls));
  }

  Reactor reactor_;
  BufferPool buffers_;
  HealthConfig config_;
};

TEST_F(CheckRun, HttpPassesAGoodAnswer) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  config_.path = "/healthz";
  config_.body_contains = "good";
  const CheckResult result = check(backend);
  EXPECT_TRUE(result.passed) << result.detail;
  EXPECT_THAT(backend.last_request(), StartsWith("GET /healthz HTTP/1.1\r\nHost: app\r\n"));
}

struct HttpCase {
  const char* name;
  Manner manner;
  std::string text;
  const char* expected;
};

TEST_F(CheckRun, HttpSaysWhatIsWrong) {
  const HttpCase cases[] = {
      {"Status", Manner::answer, std::string(kError), "status 500 is not in 200-399"},
      {"Body", Manner::answer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
       "the body does not contain the wanted text"},
      {"Garbage", Manner::answer, "SSH-2.0-OpenSSH_9.2\r\n", "bad response: "},
      {"Closes", Manner::close, "", "the "},
      {"ClosesInTheBody", Manner::answer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nal",
       "the server closed in the middle of the body"},
  };
  config_.body_contains = "good";
  for (const HttpCase& row : cases) {
    Backend backend(reactor_, row.manner, row.text);
    const CheckResult result = check(backend);
    EXPECT_FALSE(result.passed) << row.name;
    EXPECT_THAT(result.detail, StartsWith(row.expected)) << row.name;
  }
}

TEST_F(CheckRun, ASlowAnswerIsNoAnswer) {
  config_.timeout = 200ms;
  for (const Manner manner : {Manner::hang, Manner::trickle}) {
    Backend backend(reactor_, manner, std::string(kOk));
    EXPECT_EQ(check(backend).detail, "no answer within 200 ms");
  }
}

TEST_F(CheckRun, ClosesItsConnectionAtTheEnd) {
  config_.timeout = 100ms;
  Backend backend(reactor_, Manner::hang);
  check(backend);
  EXPECT_EQ(backend.accepted(), 1);
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.open() == 0; }));
}

TEST_F(CheckRun, DestroyingItClosesItsConnection) {
  Backend backend(reactor_, Manner::hang);
  {
    CheckTarget target{
        std::make_shared<const HealthConfig>(config_),
        std::make_shared<const AddressList>(AddressList{to_socket_address(backend.endpoint())}),
        nullptr, "app"};
    base::Task<CheckResult> task = run_check(std::move(target), reactor_, buffers_);
    task.await_suspend(std::noop_coroutine()).resume();
    EXPECT_TRUE(run_until(reactor_, [&] { return !backend.last_request().empty(); }));
  }
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.open() == 0; }));
  EXPECT_EQ(buffers_.in_use_bytes(), 0U);
}

TEST_F(CheckRun, TcpAsksForAConnectionOnly) {
  config_.kind = HealthKind::tcp;
  Backend backend(reactor_, Manner::hang);
  EXPECT_TRUE(check(backend).passed);
  backend.stop();
  EXPECT_THAT(check(backend).detail, HasSubstr("refused"));
}

// As many descriptors as are open, and no more, while it lives.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const OwnedFd next(::dup(0));
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next.get());
    CHECK(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }

  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

  ~NoMoreDescriptors() { CHECK(::setrlimit(RLIMIT_NOFILE, &before_) == 0); }

 private:
  rlimit before_{};
};

TEST_F(CheckRun, WithoutADescriptorItSaysNothingAboutTheServer) {
  config_.kind = HealthKind::tcp;
  Backend backend(reactor_, Manner::hang);
  EXPECT_FALSE(check(backend).is_void);
  const NoMoreDescriptors none;
  const CheckResult result = check(backend);
  EXPECT_TRUE(result.is_void);
  EXPECT_THAT(result.detail, HasSubstr("too many open files"));
}

TEST_F(CheckRun, TriesTheNextAddressWhenOneRefuses) {
  config_.kind = HealthKind::tcp;
  Backend gone(reactor_, Manner::hang);
  Backend there(reactor_, Manner::hang);
  gone.stop();
  const CheckResult result =
      check({to_socket_address(gone.endpoint()), to_socket_address(there.endpoint())});
  EXPECT_TRUE(result.passed) << result.detail;
}

std::shared_ptr<const UpstreamContext> trust_for(const std::string& name) {
  auto made = UpstreamContext::create(
      {.ca = {"ca.pem", ravelin::test::ca().certificate_pem()}, .name = name});
  CHECK(made.has_value());
  return *made;
}

TEST_F(CheckRun, TlsAsksForTheRightCertificate) {
  config_.kind = HealthKind::tls;
  Backend right(reactor_, Manner::hang, "", make_listener({{issue({"app.internal"}), true}}));
  const CheckResult passed = check(right, trust_for("app.internal"));
  EXPECT_TRUE(passed.passed) << passed.detail;
  EXPECT_EQ(check(right, trust_for("other.internal")).detail,
            "tls: certificate: hostname mismatch");
  certs::LeafRequest request;
  request.names = {"app.internal"};
  const auto foreign = ravelin::test::stranger_ca().issue(request);
  Backend stranger(reactor_, Manner::hang, "", make_listener({{*foreign, true}}));
  EXPECT_THAT(check(stranger, trust_for("app.internal")).detail,
              StartsWith("tls: certificate: unable to get"));
}

TEST_F(CheckRun, TlsSeesThatNobodySpeaksIt) {
  config_.kind = HealthKind::tls;
  Backend closing(reactor_, Manner::close);
  EXPECT_THAT(check(closing, trust_for("app.internal")).detail, StartsWith("tls: "));
  Backend silent(reactor_, Manner::hang);
  config_.timeout = 100ms;
  EXPECT_EQ(check(silent, trust_for("app.internal")).detail, "no TLS handshake within 100 ms");
  EXPECT_FALSE(check(silent).passed);
}

TEST_F(CheckRun, HttpGoesThroughTlsWhereTheServerHasIt) {
  Backend backend(reactor_, Manner::answer, std::string(kOk),
                  make_listener({{issue({"app.internal"}), true}}));
  config_.body_contains = "good";
  const CheckResult result = check(backend, trust_for("app.internal"));
  EXPECT_TRUE(result.passed) << result.detail;
}

}  // namespace
}  // namespace ravelin::gateway::test
