// The health monitor's checks with real servers: what takes a server out, what brings it back, what
// a reload keeps, and that each change is published and logged once.
#include "tests/gateway/upstream/health_fixture.h"

#include <gmock/gmock.h>

namespace ravelin::gateway::test {
namespace {

using testing::HasSubstr;

TEST_F(Health, WithoutChecksAServerIsUp) {
  Backend gone(reactor_, Manner::close);
  gone.stop();
  use(pool_of("web", {&gone}));
  run_for(reactor_, 100ms);
  EXPECT_EQ(status().state, "up");
  EXPECT_TRUE(server(0)->is_usable());
}

TEST_F(Health, FailedChecksTakeAServerOutAndGoodOnesBringItBack) {
  Backend backend(reactor_, Manner::answer, std::string(kError));
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  use(config);
  EXPECT_TRUE(server(0)->is_usable());
  const std::uint64_t version = pools_[0].pool->version();
  ASSERT_TRUE(becomes("down"));
  EXPECT_FALSE(server(0)->is_usable());
  EXPECT_GE(backend.accepted(), 3);
  EXPECT_GT(pools_[0].pool->version(), version);
  EXPECT_EQ(server(0)->control().reason, "status 500 is not in 200-399");
  run_for(reactor_, 100ms);  // further failures are no further change
  const int before = backend.accepted();
  backend.behave(Manner::answer, std::string(kOk));
  ASSERT_TRUE(becomes("up"));
  EXPECT_TRUE(server(0)->is_usable());
  // Of the two that bring it back, the first may have been on its way.
  EXPECT_GE(backend.accepted(), before + 1);
  EXPECT_EQ(status().reason, "");
  run_for(reactor_, 100ms);
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr("ravelin_server_check_failures_total{pool=\"web\",server=\"s0\"}"));
  EXPECT_EQ(logged({"server down", "pool=web", "server=s0",
                    "3 checks in a row failed, the last: status 500 is not in 200-399"}),
            1);
  EXPECT_EQ(logged({"server up", "pool=web", "server=s0", "2 checks in a row passed"}), 1);
}

TEST_F(Health, EveryKindOfFailureTakesAServerOut) {
  const std::pair<Manner, std::string_view> failures[] = {
      {Manner::answer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"},
      {Manner::answer, "garbage\r\n\r\n"},
      {Manner::close, ""},
      {Manner::hang, ""},
      {Manner::trickle, kOk},
  };
  for (const auto& [manner, text] : failures) {
    Backend backend(reactor_, manner, std::string(text));
    PoolConfig config = pool_of("web", {&backend});
    config.health = quick_checks();
    config.health->body_contains = "good";
    if (manner == Manner::hang || manner == Manner::trickle) config.health->timeout = 100ms;
    use(config);
    EXPECT_TRUE(becomes("down")) << text;
    EXPECT_NE(status().reason, "");
  }
}

TEST_F(Health, TcpChecksNoticeARefusal) {
  Backend backend(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks(HealthKind::tcp);
  use(config);
  ASSERT_TRUE(run_until(reactor_, [&] { return backend.accepted() >= 4; }));
  EXPECT_EQ(status().state, "up");
  backend.stop();
  ASSERT_TRUE(becomes("down"));
  EXPECT_THAT(status().reason, HasSubstr("refused"));
}

TEST_F(Health, AHungServerDoesNotHoldUpTheChecksOfOthers) {
  Backend hung(reactor_, Manner::hang);
  Backend good(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&hung, &good});
  config.health = quick_checks();
  config.health->timeout = 60s;
  use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return hung.accepted() == 1; }));
  const int before = good.accepted();
  EXPECT_TRUE(run_until(reactor_, [&] { return good.accepted() >= before + 10; }));
  EXPECT_EQ(hung.accepted(), 1);
}

TEST_F(Health, EndsItsConnectionsWhenItGoes) {
  Backend hung(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&hung});
  config.health = quick_checks();
  config.health->timeout = 60s;
  use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return hung.open() == 1; }));
  monitor_.reset();
  EXPECT_TRUE(run_until(reactor_, [&] { return hung.open() == 0; }));
}

// ---- reloads ----

TEST_F(Health, AReloadKeepsTheStateAndThePaceOfAServer) {
  Backend backend(reactor_, Manner::answer, std::string(kError));
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  config.health->interval = 100ms;
  const auto before = use(config);
  ASSERT_TRUE(becomes("down"));
  const int checks = backend.accepted();
  // Reloads that come faster than the checks do not keep them from being made.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(use(config), before);
    EXPECT_EQ(status().state, "down");
    run_for(reactor_, 50ms);
  }
  EXPECT_GT(backend.accepted(), checks + 2);
  EXPECT_EQ(logged({"server down"}), 1);
}

TEST_F(Health, ARemovedServerIsNoLongerChecked) {
  Backend first(reactor_, Manner::hang);
  Backend second(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&first, &second});
  config.health = quick_checks();
  const auto removed = use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return first.open() == 1; }));
  config.servers.erase(config.servers.begin());
  use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return first.open() == 0; }));
  const int checks = first.accepted();
  const int others = second.accepted();
  EXPECT_TRUE(run_until(reactor_, [&] { return second.accepted() >= others + 5; }));
  EXPECT_EQ(first.accepted(), checks);
  monitor_->eject(removed, Reason::connect_failed);  // a late report: nothing happens
  EXPECT_TRUE(removed->is_usable());
  EXPECT_EQ(monitor_->status().size(), 1U);
}

TEST_F(Health, AServerThatIsNoLongerCheckedIsUp) {
  Backend backend(reactor_, Manner::close);
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  use(config);
  ASSERT_TRUE(becomes("down"));
  config.health.reset();
  use(config);
  EXPECT_EQ(status().state, "up");
  EXPECT_TRUE(server(0)->is_usable());
  EXPECT_EQ(logged({"server up", "it is no longer checked"}), 1);
}

TEST_F(Health, AReloadThatChangesTheChecksAppliesThem) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  config.health->interval = 1h;
  config.health->timeout = 50ms;
  use(config);
  config.health = quick_checks();
  config.health->path = "/other";
  config.health->status = {{404, 404}};
  use(config);
  ASSERT_TRUE(becomes("down"));
  EXPECT_THAT(backend.last_request(), HasSubstr("GET /other "));
}

}  // namespace
}  // namespace ravelin::gateway::test
