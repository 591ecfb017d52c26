// How a worker finds the address of a server that answers.
#include "gateway/upstream/connection.h"

#include "base/check.h"
#include "gateway/net/connect.h"
#include "tests/gateway/upstream/loopback.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace ravelin::gateway::test {
namespace {

using namespace std::chrono_literals;
using Manner = Backend::Manner;

// An address that takes no handshake: whoever fills the queue of a listener leaves the others
// without an answer to their SYN.
class SilentAddress {
 public:
  SilentAddress() {
    constexpr int kMoreThanQueue = 4;
    listener_ = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    address_ = to_socket_address(
        std::get<base::IpEndpoint>(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed)));
    CHECK(::bind(listener_.get(), address_.get(), address_.length) == 0);
    CHECK(::listen(listener_.get(), 0) == 0);
    CHECK(::getsockname(listener_.get(), address_.get(), &address_.length) == 0);
    for (int i = 0; i < kMoreThanQueue; ++i) {
      auto fd = start_connect(address_, ConnectAs::usual);
      CHECK(fd.has_value());
      waiting_.push_back(std::move(*fd));
    }
  }

  [[nodiscard]] const SocketAddress& address() const { return address_; }

 private:
  OwnedFd listener_;
  SocketAddress address_;
  std::vector<OwnedFd> waiting_;
};

class UpstreamConnect : public testing::Test {
 protected:
  UpstreamConnect() {
    PoolConfig pool;
    pool.timeouts.connect = kConnect;
    worker_side_.configure(pool);
  }

  static ServerConfig config() {
    ServerConfig server;
    server.name = "app";
    server.address = base::NameEndpoint{"app.internal", 80};
    return server;
  }

  std::unique_ptr<UpstreamConnection> connect() {
    failure_ = {};
    auto got = run_task(reactor_, worker_side_.connect(failure_, kNever, {}));
    CHECK(got.has_value());
    return std::move(*got);
  }

  static constexpr auto kConnect = 2s;
  Reactor reactor_;
  BufferPool buffers_;
  GatewayMetrics metrics_{1, "test"};
  std::shared_ptr<Server> server_ = std::make_shared<Server>("web", config());
  UpstreamServer worker_side_{
      server_, 0, metrics_.server("web", "app"), metrics_.worker_cells(0), reactor_, buffers_};
  ConnectFailure failure_;
};

TEST_F(UpstreamConnect, AnAddressThatIsSilentLeavesTimeForTheOthers) {
  const SilentAddress silent;
  Backend backend(reactor_, Manner::hang);
  server_->set_addresses({silent.address(), to_socket_address(backend.endpoint())});
  EXPECT_NE(connect(), nullptr) << failure_.detail;
  // The next one begins with the address that answered.
  const base::MonoTime before = base::mono_now();
  EXPECT_NE(connect(), nullptr) << failure_.detail;
  EXPECT_LT(base::mono_now() - before, kConnect / 2);
}

TEST_F(UpstreamConnect, WhereNoneAnswersTheyTakeTheConnectTimeoutTogether) {
  const SilentAddress one;
  const SilentAddress other;
  server_->set_addresses({one.address(), other.address()});
  const base::MonoTime before = base::mono_now();
  EXPECT_EQ(connect(), nullptr);
  EXPECT_EQ(failure_.reason, Reason::connect_timeout);
  EXPECT_LT(base::mono_now() - before, 2 * kConnect);
}

// Whoever asks may go away in the middle: what was learned until then is kept.
TEST_F(UpstreamConnect, AnAddressThatFailedIsNotTheFirstOfTheNextTry) {
  const Backend hangs(reactor_, Manner::hang);
  const Backend next(reactor_, Manner::hang);
  server_->set_addresses({to_socket_address(hangs.endpoint()), to_socket_address(next.endpoint())});
  auto tls = UpstreamContext::create(
      {.ca = {"ca.pem", ravelin::test::ca().certificate_pem()}, .name = "app.internal"});
  ASSERT_TRUE(tls.has_value());
  worker_side_.use_tls(*tls);  // which neither of them speaks
  for (int i = 1; i <= 2; ++i) {
    auto task = worker_side_.connect(failure_, kNever, {});
    task.await_suspend(std::noop_coroutine()).resume();
    EXPECT_TRUE(run_until(reactor_, [&] { return next.accepted() == i; }));
  }
  EXPECT_EQ(hangs.accepted(), 1);
}

}  // namespace
}  // namespace ravelin::gateway::test
