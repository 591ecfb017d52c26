// Weights that change while servers serve: slow start, reports in health answers, agents, and what
// was seen of the load.
#include "tests/gateway/upstream/health_fixture.h"

namespace ravelin::gateway::test {
namespace {

constexpr std::string_view kOkHalf =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Weight: 50%\r\nConnection: close\r\n\r\n";

class LiveWeights : public Health {
 protected:
  bool weighs(std::uint32_t hundredths, std::size_t index = 0) {
    return run_until(reactor_, [&] { return server(index)->weight() == hundredths; });
  }

  static AgentConfig quick_agent(const Backend& backend) {
    AgentConfig agent;
    agent.port = backend.endpoint().port;
    agent.send = "state\r\n\r\n";  // the fixture's backend answers once it has read a head
    agent.interval = 20ms;
    agent.timeout = 10s;
    return agent;
  }
};

TEST_F(LiveWeights, AServerThatComesBackStartsSlowly) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&backend});
  config.slow_start = 1s;
  use(config);
  EXPECT_EQ(server(0)->weight(), 100U);  // not at the start
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::maint).has_value());
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::ready).has_value());
  EXPECT_EQ(server(0)->weight(), 10U);
  const std::uint64_t version = pools_[0].pool->version();
  ASSERT_TRUE(run_until(reactor_, [&] { return server(0)->weight() > 10; }));
  EXPECT_LT(server(0)->weight(), 100U);
  EXPECT_TRUE(run_until(reactor_, [&] { return status().weight_parts.warmth == 1.0; }));
  EXPECT_EQ(server(0)->weight(), 100U);
  EXPECT_GT(pools_[0].pool->version(), version);
}

TEST_F(LiveWeights, AServerThatJoinsItsPoolStartsSlowlyAndTheOthersDoNot) {
  Backend first(reactor_, Manner::answer, std::string(kOk));
  Backend second(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&first, &second});
  config.slow_start = 60s;
  const ServerConfig later = config.servers.back();
  config.servers.pop_back();
  use(config);
  config.servers.push_back(later);
  use(config);
  EXPECT_EQ(server(0)->weight(), 100U);
  EXPECT_EQ(server(1)->weight(), 10U);
}

TEST_F(LiveWeights, WhatIsSeenOfAPoolGoesOnWhenAServerJoins) {
  Backend first(reactor_, Manner::answer, std::string(kOk));
  Backend second(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&first, &second});
  config.circuit.emplace().requests_min = 5;
  const ServerConfig later = config.servers.back();
  config.servers.pop_back();
  use(config);
  // Eight attempts that all fail open the circuit at the next look.
  for (int i = 0; i < 8; ++i) {
    server(0)->signals(0).sent();
    server(0)->signals(0).answered(1ms, ServerSignals::Answer::error);
  }
  ASSERT_TRUE(run_until(reactor_, [&] { return pools_[0].pool->circuit() == Circuit::open; }));
  config.servers.push_back(later);
  use(config);
  EXPECT_EQ(pools_[0].pool->circuit(), Circuit::open);
  config.circuit->requests_min = 50;
  use(config);
  EXPECT_EQ(pools_[0].pool->circuit(), Circuit::closed);
}

TEST_F(LiveWeights, AReloadDoesNotEndASlowStart) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&backend});
  config.slow_start = 60s;
  use(config);
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::drain).has_value());
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::ready).has_value());
  use(config);
  EXPECT_EQ(server(0)->weight(), 10U);
  config.slow_start = 0s;
  use(config);
  EXPECT_EQ(server(0)->weight(), 100U);
}

TEST_F(LiveWeights, AHealthAnswerReportsAWeight) {
  Backend backend(reactor_, Manner::answer, std::string(kOkHalf));
  PoolConfig config = pool_of("web", {&backend});
  config.servers[0].weight = 3;
  config.health = quick_checks();
  config.weight_header = "x-weight";
  use(config);
  EXPECT_TRUE(weighs(150));
  EXPECT_EQ(status().weight, 3U);
  EXPECT_EQ(status().effective_weight, 150U);
  config.weight_header.clear();
  use(config);
  EXPECT_EQ(server(0)->weight(), 300U);
}

TEST_F(LiveWeights, AnAgentSetsWeightPlacesAndState) {
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "50% maxconn:7\n");
  PoolConfig config = pool_of("web", {&backend});
  config.servers[0].connections_max = 20;
  config.agent = quick_agent(agent);
  use(config);
  EXPECT_TRUE(weighs(50));
  EXPECT_EQ(server(0)->in_flight_max(), 7U);
  EXPECT_EQ(agent.last_request(), "state\r\n\r\n");
  agent.behave(Manner::answer, "drain # going home\r\n");
  EXPECT_TRUE(becomes("drain"));
  EXPECT_EQ(status().reason, "draining, by its agent: going home");
  EXPECT_FALSE(server(0)->is_usable());
  agent.behave(Manner::answer, "ready up 100% maxconn:0");  // the end of the connection ends a line
  EXPECT_TRUE(becomes("up"));
  EXPECT_TRUE(weighs(100));
  EXPECT_EQ(server(0)->in_flight_max(), 20U);
  EXPECT_EQ(logged({"server drain", "reason=\"draining, by its agent: going home\""}), 1);
}

struct AgentOrderCase {
  const char* name;
  const char* says;
  bool takes_sessions, usable_in_panic;
};

// drain and maint are orders, as the operator's are; down is a matter of health.
TEST_F(LiveWeights, AnAgentsOrderIsNoMatterOfHealth) {
  constexpr AgentOrderCase kCases[] = {
      {"up", "up ready\n", true, true},        {"drain", "drain\n", true, false},
      {"maint", "maint\n", false, false},      {"down", "ready down\n", false, true},
      {"drain", "drain down\n", false, false},
  };
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "up\n");
  PoolConfig config = pool_of("web", {&backend});
  config.agent = quick_agent(agent);
  use(config);
  for (const AgentOrderCase& row : kCases) {
    agent.behave(Manner::answer, row.says);
    const int before = agent.accepted();
    EXPECT_TRUE(run_until(reactor_, [&] { return agent.accepted() >= before + 3; })) << row.says;
    EXPECT_EQ(status().state, row.name) << row.says;
    EXPECT_EQ(server(0)->takes_sessions(), row.takes_sessions) << row.says;
    EXPECT_EQ(server(0)->is_usable_in_panic(), row.usable_in_panic) << row.says;
  }
}

TEST_F(LiveWeights, ServersThatTheirAgentsDrainCauseNoPanic) {
  Backend backend(reactor_, Manner::hang);
  Backend staying(reactor_, Manner::answer, "up\n");
  Backend leaving(reactor_, Manner::answer, "drain\n");
  PoolConfig config = pool_of("web", {&backend, &backend, &backend});
  config.panic_percent = 50;
  config.agent = quick_agent(staying);
  config.servers[1].agent_port = leaving.endpoint().port;
  config.servers[2].agent_port = leaving.endpoint().port;
  use(config);
  EXPECT_TRUE(becomes("drain", 1));
  EXPECT_TRUE(becomes("drain", 2));
  EXPECT_FALSE(pools_[0].pool->panics());
}

TEST_F(LiveWeights, WhatAnAgentSaidOfPlacesOutlivesAReload) {
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "maxconn:7\n");
  PoolConfig config = pool_of("web", {&backend});
  config.servers[0].connections_max = 20;
  config.agent = quick_agent(agent);
  use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return server(0)->in_flight_max() == 7; }));
  agent.stop();
  config.servers[0].connections_max = 30;
  use(config);
  EXPECT_EQ(server(0)->in_flight_max(), 7U);
  config.agent.reset();
  use(config);
  EXPECT_EQ(server(0)->in_flight_max(), 30U);
}

struct Queued : QueuedRequest {
  void place_given() override { has_place = true; }

  bool has_place = false;
};

TEST_F(LiveWeights, WhoQueuesGetsThePlaceThatAnAgentAdds) {
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "maxconn:1\n");
  PoolConfig config = pool_of("web", {&backend});
  config.agent = quick_agent(agent);
  use(config);
  ASSERT_TRUE(run_until(reactor_, [&] { return server(0)->in_flight_max() == 1; }));
  Pool& pool = *pools_[0].pool;
  ASSERT_TRUE(server(0)->try_enter());
  Queued second;
  ASSERT_TRUE(pool.enqueue(second));
  EXPECT_FALSE(second.has_place);
  agent.behave(Manner::answer, "maxconn:2\n");
  EXPECT_TRUE(run_until(reactor_, [&] { return second.has_place; }));
  EXPECT_EQ(pool.dequeue(second), 0U);
  pool.leave(0);
  pool.leave(0);
}

TEST_F(LiveWeights, WhatAnAgentSaidHoldsWhileItTalksNonsenseOrIsGone) {
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "down 30%\n");
  PoolConfig config = pool_of("web", {&backend});
  config.agent = quick_agent(agent);
  use(config);
  EXPECT_TRUE(becomes("down"));
  EXPECT_TRUE(weighs(30));
  const int before = agent.accepted();
  agent.behave(Manner::answer, "<html>it works</html>\n");
  EXPECT_TRUE(run_until(reactor_, [&] { return agent.accepted() >= before + 3; }));
  agent.behave(Manner::answer, std::string(2000, 'x'));
  EXPECT_TRUE(run_until(reactor_, [&] { return agent.accepted() >= before + 6; }));
  agent.stop();
  run_for(reactor_, 100ms);
  EXPECT_EQ(status().state, "down");
  EXPECT_EQ(server(0)->weight(), 30U);
  config.agent.reset();
  use(config);
  EXPECT_EQ(status().state, "up");
  EXPECT_EQ(server(0)->weight(), 100U);
  EXPECT_EQ(logged({"the agent of a server gives no good answer"}), 1);
}

TEST_F(LiveWeights, FollowWhatWorkersSee) {
  Backend fast(reactor_, Manner::hang);
  Backend slow(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&fast, &slow});
  config.adaptive = AdaptiveConfig{.interval = 20ms};
  use(config);
  const auto answer = [](Server& server, microseconds latency) {
    server.signals(0).sent();
    server.signals(0).answered(latency, ServerSignals::Answer::good);
  };
  EXPECT_TRUE(run_until(reactor_, [&] {
    answer(*server(0), 1ms);
    answer(*server(1), 4ms);
    return server(1)->weight() <= 60;
  }));
  EXPECT_GE(server(0)->weight(), 95U);
  const std::uint32_t settled = server(1)->weight();
  use(config);  // a reload forgets nothing
  EXPECT_EQ(server(1)->weight(), settled);
  config.adaptive.reset();
  use(config);
  EXPECT_EQ(server(1)->weight(), 100U);
}

TEST_F(LiveWeights, AnOutlierIsPutOut) {
  Backend good(reactor_, Manner::hang);
  Backend sick(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&good, &sick});
  config.ejection = {.consecutive_failures = 0, .base_time = 60s, .error_percent = 1};
  use(config);
  const auto answer = [](Server& server, ServerSignals::Answer how) {
    server.signals(0).sent();
    server.signals(0).answered(1ms, how);
  };
  for (int i = 0; i < 200; ++i) {
    answer(*server(0), ServerSignals::Answer::good);
    answer(*server(1), i % 5 == 0 ? ServerSignals::Answer::error : ServerSignals::Answer::good);
  }
  ASSERT_TRUE(becomes("ejected", 1));
  EXPECT_EQ(status(1).reason, "20.0 % errors in 200 requests, the others 0.0 %");
  EXPECT_EQ(status(0).state, "up");
}

// Who gets no requests could never take it back.
TEST_F(LiveWeights, AZeroInAResponseLeavesTheLeastWeight) {
  Backend backend(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&backend});
  config.weight_header = "x-weight";
  config.weight_bounds.min_percent = 5;
  use(config);
  server(0)->report_weight(0);
  EXPECT_TRUE(weighs(5));
  server(0)->report_weight(100);
  EXPECT_TRUE(weighs(100));
}

TEST_F(LiveWeights, AZeroInAHealthAnswerHoldsUntilTheServerIsAnotherOne) {
  constexpr std::string_view kOkNone =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Weight: 0\r\nConnection: close\r\n\r\n";
  constexpr std::string_view kBroken = "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n";
  Backend backend(reactor_, Manner::answer, std::string(kOkNone));
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  config.adaptive = AdaptiveConfig{.interval = 20ms};  // how often responses are looked at
  config.weight_header = "x-weight";
  use(config);
  EXPECT_TRUE(weighs(0));
  server(0)->report_weight(0);  // of a request that was under way
  backend.behave(Manner::answer, std::string(kOk));
  run_for(reactor_, 200ms);
  EXPECT_EQ(server(0)->weight(), 0U);
  backend.behave(Manner::answer, std::string(kBroken));
  EXPECT_TRUE(becomes("down"));
  backend.behave(Manner::answer, std::string(kOk));
  EXPECT_TRUE(becomes("up"));
  EXPECT_EQ(server(0)->weight(), 100U);
}

TEST_F(LiveWeights, AZeroGoesWithWhoSaidIt) {
  Backend backend(reactor_, Manner::hang);
  Backend agent(reactor_, Manner::answer, "0%\n");
  PoolConfig config = pool_of("web", {&backend});
  config.agent = quick_agent(agent);
  config.weight_header = "x-weight";
  use(config);
  EXPECT_TRUE(weighs(0));
  config.agent.reset();
  use(config);
  EXPECT_EQ(server(0)->weight(), 100U);
}

TEST_F(LiveWeights, AReportInAResponseCounts) {
  Backend backend(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&backend});
  config.weight_header = "x-weight";
  use(config);
  server(0)->report_weight(40);
  EXPECT_TRUE(weighs(40));
}

}  // namespace
}  // namespace ravelin::gateway::test
