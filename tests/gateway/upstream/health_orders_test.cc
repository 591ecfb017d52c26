// What else than checks takes a server out and brings it back: failures of requests, the operator,
// its name.
#include "tests/gateway/upstream/health_fixture.h"

namespace ravelin::gateway::test {
namespace {

// ---- ejection ----

PoolConfig with_ejection(PoolConfig config, milliseconds base, milliseconds max) {
  config.ejection.base_time = base;
  config.ejection.max_time = max;
  return config;
}

TEST_F(Health, AnEjectedServerComesBackAndStaysOutLongerNextTime) {
  Backend a(reactor_, Manner::close);
  Backend b(reactor_, Manner::close);
  use(with_ejection(pool_of("web", {&a, &b}), 100ms, 300s));
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(server(0)->failed(5));
  EXPECT_TRUE(server(0)->failed(5));
  const auto start = base::mono_now();
  monitor_->eject(server(0), Reason::connect_failed);
  EXPECT_FALSE(server(0)->is_usable());
  EXPECT_EQ(status().state, "ejected");
  EXPECT_EQ(status().reason, "5 failures in a row, the last: connect_failed");
  EXPECT_EQ(server(0)->control().ejections, 1);
  monitor_->eject(server(0), Reason::connect_failed);  // what was in flight fails too
  EXPECT_EQ(server(0)->control().ejections, 1);
  ASSERT_TRUE(becomes("up"));
  EXPECT_GE(base::mono_now() - start, base::Duration(100ms));
  EXPECT_TRUE(server(0)->is_usable());
  const auto again = base::mono_now();
  monitor_->eject(server(0), Reason::first_byte_timeout);
  EXPECT_EQ(server(0)->control().ejections, 2);
  ASSERT_TRUE(becomes("up"));
  EXPECT_GE(base::mono_now() - again, base::Duration(200ms));
  // The count of failures begins anew.
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(server(0)->failed(5));
  EXPECT_EQ(logged({"server ejected", "connect_failed; for 100 ms"}), 1);
  EXPECT_EQ(logged({"server ejected", "first_byte_timeout; for 200 ms"}), 1);
  EXPECT_EQ(logged({"server back"}), 2);
}

TEST_F(Health, OfAPoolWithoutServersKnowsThePool) {
  PoolConfig empty;
  empty.name = "web";
  empty.panic_percent = 50;
  empty.circuit.emplace();
  empty.adaptive.emplace();
  pools_ = {makes_.make(empty)};
  monitor_->use(pools_);
  EXPECT_TRUE(monitor_->status().empty());
  const auto unknown = monitor_->find("web", "a");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "server \"a\" is not in pool \"web\" (it has: )");
  Backend backend(reactor_, Manner::close);
  use(pool_of("web", {&backend}));
  EXPECT_TRUE(monitor_->find("web", "s0"));
}

TEST_F(Health, TheSamePoolAgainIsNoNews) {
  Backend backend(reactor_, Manner::close);
  use(pool_of("web", {&backend}));
  const std::uint64_t version = pools_[0].pool->version();
  monitor_->use(pools_);
  EXPECT_EQ(pools_[0].pool->version(), version);
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::drain));
  EXPECT_EQ(pools_[0].pool->version(), version + 1);  // told once, not twice
}

TEST_F(Health, TheLastUsableServerStaysAndItIsSaidOnce) {
  Backend a(reactor_, Manner::close);
  Backend b(reactor_, Manner::close);
  use(with_ejection(pool_of("web", {&a, &b}), 60s, 300s));
  monitor_->eject(server(0), Reason::connect_failed);
  for (int i = 0; i < 3; ++i)
    monitor_->eject(server(1), Reason::connect_failed);
  EXPECT_FALSE(server(0)->is_usable());
  EXPECT_TRUE(server(1)->is_usable());
  EXPECT_EQ(logged({"server not ejected", "server=s1"}), 1);
}

TEST_F(Health, AUsableBackupLetsTheLastPrimaryBeEjected) {
  Backend a(reactor_, Manner::close);
  Backend b(reactor_, Manner::close);
  PoolConfig config = with_ejection(pool_of("web", {&a, &b}), 60s, 300s);
  config.servers[1].backup = true;
  use(config);
  monitor_->eject(server(0), Reason::connect_failed);
  EXPECT_FALSE(server(0)->is_usable());
  EXPECT_TRUE(status(1).is_backup);
}

TEST_F(Health, EjectionCanBeOff) {
  Backend a(reactor_, Manner::close);
  Backend b(reactor_, Manner::close);
  PoolConfig config = pool_of("web", {&a, &b});
  config.ejection.consecutive_failures = 0;
  use(config);
  monitor_->eject(server(0), Reason::connect_failed);
  EXPECT_TRUE(server(0)->is_usable());
}

TEST_F(Health, AServerThatIsDownComesBackFromEjectionStillDown) {
  Backend a(reactor_, Manner::answer, std::string(kOk));
  Backend b(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = with_ejection(pool_of("web", {&a, &b}), 300ms, 300s);
  config.health = quick_checks();
  use(config);
  monitor_->eject(server(0), Reason::connect_failed);
  EXPECT_EQ(status().state, "ejected");
  a.behave(Manner::close);
  ASSERT_TRUE(becomes("down"));
  EXPECT_FALSE(server(0)->is_usable());
  a.behave(Manner::answer, std::string(kOk));
  EXPECT_TRUE(becomes("up"));
}

// ---- the operator ----

TEST_F(Health, DrainLetsNothingNewInAndReadyOpensAgain) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  use(config);
  ASSERT_TRUE(server(0)->try_enter());
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::drain).has_value());
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::drain).has_value());
  EXPECT_FALSE(server(0)->is_usable());
  EXPECT_EQ(status().state, "drain");
  EXPECT_EQ(status().in_flight, 1U);
  const int checks = backend.accepted();
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.accepted() > checks; }));
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::ready).has_value());
  EXPECT_TRUE(server(0)->is_usable());
  EXPECT_EQ(logged({"server drain", "ordered by the operator"}), 1);
  EXPECT_EQ(logged({"server ready", "ordered by the operator"}), 1);
}

TEST_F(Health, MaintenanceEndsTheChecksUntilReady) {
  Backend backend(reactor_, Manner::hang);
  PoolConfig config = pool_of("web", {&backend});
  config.health = quick_checks();
  config.health->timeout = 60s;
  use(config);
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.open() == 1; }));
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::maint).has_value());
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.open() == 0; }));
  use(config);  // a reload does not start them either
  run_for(reactor_, 100ms);
  EXPECT_EQ(backend.accepted(), 1);
  EXPECT_EQ(status().state, "maint");
  EXPECT_TRUE(monitor_->set_admin_state("web", "s0", AdminState::ready).has_value());
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.accepted() == 2; }));
}

TEST_F(Health, AWeightSetByHandLastsUntilTheConfigurationChangesIt) {
  Backend backend(reactor_, Manner::close);
  PoolConfig config = pool_of("web", {&backend});
  config.servers[0].weight = 3;
  use(config);
  const std::uint64_t version = pools_[0].pool->version();
  EXPECT_TRUE(monitor_->set_weight("web", "s0", 10).has_value());
  EXPECT_EQ(server(0)->weight(), 1000U);
  EXPECT_GT(pools_[0].pool->version(), version);
  use(config);
  EXPECT_EQ(server(0)->weight(), 1000U);
  EXPECT_EQ(status().configured_weight, 3U);
  EXPECT_TRUE(monitor_->set_weight("web", "s0", std::nullopt).has_value());
  EXPECT_EQ(server(0)->weight(), 300U);
  EXPECT_TRUE(monitor_->set_weight("web", "s0", 10).has_value());
  config.servers[0].weight = 4;
  use(config);
  EXPECT_EQ(server(0)->weight(), 400U);
  EXPECT_EQ(logged({"server weight set", "the configuration says 4"}), 1);
}

TEST_F(Health, SaysWhatItDoesNotKnow) {
  Backend a(reactor_, Manner::close);
  Backend b(reactor_, Manner::close);
  use(pool_of("web", {&a, &b}));
  EXPECT_EQ(monitor_->find("api", "s0").error().message,
            "pool \"api\" is not defined (defined: web)");
  EXPECT_EQ(monitor_->set_admin_state("web", "s7", AdminState::drain).error().message,
            "server \"s7\" is not in pool \"web\" (it has: s0, s1)");
  EXPECT_EQ(monitor_->set_weight("web", "s7", 1).error().code, base::Errc::not_found);
  EXPECT_EQ(monitor_->set_weight("web", "s0", 257).error().message,
            "weight 257 is out of range (0 to 256)");
  EXPECT_EQ(*monitor_->find("web", "s1"), server(1));
}

TEST_F(Health, ChangesReachPoolsOfGenerationsStillInUse) {
  Backend backend(reactor_, Manner::close);
  const PoolConfig config = pool_of("web", {&backend});
  use(config);
  const auto before = pools_[0].pool;
  use(config);
  const std::uint64_t version = before->version();
  EXPECT_TRUE(monitor_->set_weight("web", "s0", 7).has_value());
  EXPECT_GT(before->version(), version);
}

// ---- names ----

TEST_F(Health, AServerWithANameIsUpOnceTheNameIsResolved) {
  Backend backend(reactor_, Manner::answer, std::string(kOk));
  PoolConfig config = pool_of("web", {&backend});
  config.servers[0].address = base::NameEndpoint{"localhost", backend.endpoint().port};
  config.health = quick_checks();
  use(config);
  EXPECT_EQ(status().state, "unresolved");
  EXPECT_FALSE(server(0)->is_usable());
  ASSERT_TRUE(becomes("up"));
  EXPECT_FALSE(server(0)->addresses()->empty());
  EXPECT_TRUE(run_until(reactor_, [&] { return backend.accepted() >= 3; }));
  EXPECT_EQ(status().state, "up");
  // Another server with the same name need not wait.
  config.servers.push_back(config.servers[0]);
  config.servers[1].name = "second";
  use(config);
  EXPECT_EQ(status(1).state, "up");
  EXPECT_EQ(logged({"name resolved", "localhost"}), 1);
}

TEST_F(Health, AServerWhoseNameIsNotFoundIsNotUsedAndNotChecked) {
  PoolConfig config;
  config.name = "web";
  config.servers.emplace_back();
  config.servers[0].address = base::NameEndpoint{"gone.internal", 80};
  config.health = quick_checks();
  use(config);
  ASSERT_TRUE(run_until(reactor_, [&] { return names_.asked("gone.internal") >= 4; }));
  EXPECT_EQ(status().state, "unresolved");
  EXPECT_EQ(status().reason, "its name has no address yet");
  EXPECT_EQ(status().address, "gone.internal:80");
  EXPECT_EQ(logged({"name not resolved", "gone.internal", "no such name"}), 1);
}

// ---- quarantine ----

TEST_F(Health, SaysWhichAddressesNobodyIsToConnectTo) {
  PoolConfig pool;
  pool.name = "web";
  pool.quarantine = {QuarantineState::drain, QuarantineState::maint};
  for (const char* address : {"192.0.2.1:80", "192.0.2.2:80"})
    pool.servers.emplace_back().address = *base::parse_endpoint(address);
  using Told = std::vector<std::vector<std::string>>;
  Told told;
  monitor_->on_quarantine([&told](const std::vector<base::IpEndpoint>& servers) {
    auto& texts = told.emplace_back();
    for (const base::IpEndpoint& server : servers)
      texts.push_back(base::to_string(server));
  });
  use(pool);
  EXPECT_EQ(told, (Told{{}}));
  ASSERT_TRUE(monitor_->set_admin_state("web", "192.0.2.2:80", AdminState::drain));
  ASSERT_TRUE(monitor_->set_admin_state("web", "192.0.2.2:80", AdminState::maint));
  EXPECT_EQ(told, (Told{{}, {"192.0.2.2:80"}}));
  EXPECT_FALSE(server(1)->is_let_through(base::mono_now()));
  ASSERT_TRUE(monitor_->set_admin_state("web", "192.0.2.2:80", AdminState::ready));
  EXPECT_EQ(told, (Told{{}, {"192.0.2.2:80"}, {}}));
  // The firewall may hear of it later than the workers.
  EXPECT_TRUE(server(1)->is_let_through(base::mono_now()));
  EXPECT_FALSE(server(1)->is_let_through(base::mono_now() + 120s));
  ASSERT_TRUE(monitor_->set_admin_state("web", "192.0.2.1:80", AdminState::drain));
  pool.quarantine.clear();
  use(pool);
  EXPECT_EQ(told, (Told{{}, {"192.0.2.2:80"}, {}, {"192.0.2.1:80"}, {}}));
}

}  // namespace
}  // namespace ravelin::gateway::test
