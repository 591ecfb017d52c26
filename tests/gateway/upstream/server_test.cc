// A server's places are exact over threads, and what is published is what all causes together say.
#include "gateway/upstream/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

ServerConfig server_config(std::string_view address) {
  ServerConfig config;
  config.address = *base::parse_endpoint(address);
  config.name = address;
  return config;
}

// `threads` at once, each `rounds` times.
template <class Work>
void on_threads(int threads, int rounds, const Work& work) {
  std::vector<std::jthread> running;
  running.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (int round = 0; round < rounds; ++round)
        work();
    });
  }
}

TEST(Server, NeverGivesMorePlacesThanItHas) {
  Server server("web", server_config("10.0.0.1:80"));
  server.set_in_flight_max(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> entered{0};
  on_threads(4, 20'000, [&] {
    if (!server.try_enter()) return;
    const int now = inside.fetch_add(1) + 1;
    int before = most.load();
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    entered.fetch_add(1);
    inside.fetch_sub(1);
    server.leave();
  });
  EXPECT_LE(most.load(), 3);
  EXPECT_GT(entered.load(), 0);
  EXPECT_EQ(server.in_flight(), 0U);
}

TEST(Server, GivesEveryPlaceItHas) {
  Server server("web", server_config("10.0.0.1:80"));
  server.set_in_flight_max(1000);
  std::atomic<int> entered{0};
  on_threads(4, 500, [&] {
    if (server.try_enter()) entered.fetch_add(1);
  });
  EXPECT_EQ(entered.load(), 1000);
  EXPECT_FALSE(server.try_enter());
  server.leave();
  EXPECT_TRUE(server.try_enter());
}

TEST(Server, WithoutALimitItOnlyCounts) {
  Server server("web", server_config("10.0.0.1:80"));
  on_threads(4, 500, [&] { EXPECT_TRUE(server.try_enter()); });
  EXPECT_EQ(server.in_flight(), 2000U);
}

TEST(Server, ALowerLimitLetsNobodyInUntilEnoughHaveLeft) {
  Server server("web", server_config("10.0.0.1:80"));
  server.set_in_flight_max(3);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(server.try_enter());
  server.set_in_flight_max(1);
  server.leave();
  server.leave();
  EXPECT_FALSE(server.try_enter());
  server.leave();
  EXPECT_TRUE(server.try_enter());
}

TEST(Server, ExactlyOneOfManyFailuresReportsTheLimit) {
  Server server("web", server_config("10.0.0.1:80"));
  std::atomic<int> reports{0};
  on_threads(4, 1000, [&] {
    if (server.failed(5)) reports.fetch_add(1);
  });
  EXPECT_EQ(reports.load(), 1);
  EXPECT_FALSE(server.failed(0));
}

TEST(Server, ASuccessStartsTheCountOfFailuresAgain) {
  Server server("web", server_config("10.0.0.1:80"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(server.failed(3));
    EXPECT_FALSE(server.failed(3));
    server.succeeded();
  }
  EXPECT_FALSE(server.failed(3));
  EXPECT_FALSE(server.failed(3));
  EXPECT_TRUE(server.failed(3));
}

TEST(Server, ALowerLimitOfFailuresIsReachedByTheNextOneAndOnce) {
  Server server("web", server_config("10.0.0.1:80"));
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(server.failed(50));
  EXPECT_TRUE(server.failed(5));
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(server.failed(5));
  server.clear_failures();  // as it is reported
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(server.failed(5));
  EXPECT_TRUE(server.failed(5));
  server.succeeded();
  EXPECT_TRUE(server.failed(1));
}

struct PublishCase {
  const char* name;
  AdminState admin, agent_order;
  bool healthy, ejected;
  bool usable, takes_sessions, usable_in_panic;
};

using enum AdminState;

constexpr PublishCase kPublished[] = {
    {"Ready", ready, ready, true, false, true, true, true},
    {"Down", ready, ready, false, false, false, false, true},
    {"Ejected", ready, ready, true, true, false, false, true},
    {"Draining", drain, ready, true, false, false, true, false},
    {"InMaintenance", maint, ready, true, false, false, false, false},
    {"DrainingByItsAgent", ready, drain, true, false, false, true, false},
    {"InMaintenanceByItsAgent", ready, maint, true, false, false, false, false},
    {"DrainingInMaintenanceByItsAgent", drain, maint, true, false, false, false, false},
};

TEST(Server, PublishesWhatAllCausesTogetherSay) {
  for (const PublishCase& row : kPublished) {
    Server server("web", server_config("10.0.0.1:80"));
    server.control().admin = row.admin;
    server.control().agent_order = row.agent_order;
    server.control().healthy = row.healthy;
    server.control().ejected = row.ejected;
    EXPECT_EQ(server.publish(), !row.usable) << row.name;
    EXPECT_EQ(server.is_usable(), row.usable) << row.name;
    EXPECT_EQ(server.takes_sessions(), row.takes_sessions) << row.name;
    EXPECT_EQ(server.is_usable_in_panic(), row.usable_in_panic) << row.name;
    EXPECT_FALSE(server.publish()) << row.name;
  }
}

TEST(Server, TheOperatorsWeightWinsWhileThereIsOne) {
  Server server("web", server_config("10.0.0.1:80"));
  server.control().configured_weight = 3;
  server.publish();
  EXPECT_EQ(server.weight(), 300U);
  server.control().weight_override = 0;
  server.publish();
  EXPECT_EQ(server.weight(), 0U);
  server.control().weight_override.reset();
  server.publish();
  EXPECT_EQ(server.weight(), 300U);
}

TEST(Server, IsAnotherOneWithAnotherAddressOrTls) {
  const Server plain("web", server_config("10.0.0.1:80"));
  ServerConfig config = server_config("10.0.0.1:80");
  EXPECT_EQ(Server("web", config).identity(), plain.identity());
  EXPECT_NE(Server("api", config).identity(), plain.identity());
  config.weight = 7;
  EXPECT_EQ(Server("web", config).identity(), plain.identity());
  config.tls = UpstreamTlsConfig{};
  EXPECT_NE(Server("web", config).identity(), plain.identity());
  config = server_config("10.0.0.1:81");
  config.name = "10.0.0.1:80";
  EXPECT_NE(Server("web", config).identity(), plain.identity());
}

TEST(Server, KnowsItsAddressesUnlessTheyAreNames) {
  EXPECT_EQ(Server("web", server_config("10.0.0.1:80")).addresses()->size(), 1U);
  EXPECT_EQ(Server("web", server_config("unix:/run/app.sock")).addresses()->size(), 1U);
  EXPECT_TRUE(Server("web", server_config("app.internal:80")).addresses()->empty());
}

}  // namespace
}  // namespace ravelin::gateway
