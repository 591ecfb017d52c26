#include "gateway/discovery/discovery.h"

#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A source of servers that is told what it finds; knows how many there are.
struct FakeDns {
  struct Running : RunningSource {
    explicit Running(FakeDns& owner, std::string of) : dns(owner), pool(std::move(of)) {}

    ~Running() override { dns.found.erase(pool); }

    [[nodiscard]] std::string describe(base::WallTime /*now*/) const override { return "asked"; }

    FakeDns& dns;
    std::string pool;
  };

  Discovery::DnsFactory factory() {
    return [this](const PoolConfig& pool, Discovery::Found callback) {
      ++made;
      found[pool.name] = std::move(callback);
      return std::make_unique<Running>(*this, pool.name);
    };
  }

  std::map<std::string, Discovery::Found> found;  // by pool
  int made = 0;
};

ServerConfig server(const std::string& address) {
  ServerConfig config;
  config.address = *base::parse_endpoint(address);
  config.name = address;
  return config;
}

class Discovering : public ::testing::Test {
 protected:
  PoolConfig file_pool(const std::string& name) {
    PoolConfig pool;
    pool.name = name;
    pool.discover.emplace().file.emplace().path = directory_.path(name + ".yaml");
    return pool;
  }

  static PoolConfig dns_pool(const std::string& name, std::uint16_t port = 80) {
    PoolConfig pool;
    pool.name = name;
    pool.discover.emplace().dns.emplace().name = "app.internal";
    pool.discover->dns->port = port;
    return pool;
  }

  void use(const std::vector<PoolConfig>& pools) {
    auto next = discovery_.prepare(pools, base::mono_now());
    ASSERT_TRUE(next);
    discovery_.adopt(std::move(*next));
  }

  // Ticks through the time a file takes to settle.
  void settle() {
    base::MonoTime now = base::mono_now();
    for (int i = 0; i < 10; ++i, now = now + 100ms)
      discovery_.tick(now);
  }

  test::TempDir directory_;
  FakeDns dns_;
  std::vector<std::string> changed_;
  Discovery discovery_{[this](const std::string& pool) { changed_.push_back(pool); },
                       dns_.factory()};
};

TEST_F(Discovering, FollowsTheFileOfEachPool) {
  directory_.write("one.yaml", "servers: [{ address: \"10.0.0.1:80\" }]");
  use({file_pool("one"), file_pool("two")});
  settle();
  EXPECT_THAT(changed_, IsEmpty());
  EXPECT_EQ(discovery_.found("one").file.size(), 1U);
  directory_.replace("two.yaml", "servers: [{ address: \"10.0.0.2:80\" }]");
  settle();
  EXPECT_THAT(changed_, ElementsAre("two"));
  EXPECT_EQ(discovery_.found("two").file.at(0).name, "10.0.0.2:80");
  EXPECT_THAT(discovery_.found("none").file, IsEmpty());
}

TEST_F(Discovering, TakesWhatDnsFindsIfItIsAnother) {
  use({dns_pool("web")});
  dns_.found.at("web")({server("10.0.0.1:80")});
  dns_.found.at("web")({server("10.0.0.1:80")});
  EXPECT_THAT(changed_, ElementsAre("web"));
  EXPECT_EQ(discovery_.found("web").dns.size(), 1U);
}

TEST_F(Discovering, KeepsWhatUnchangedSourcesKnow) {
  directory_.write("one.yaml", "servers: [{ address: \"10.0.0.1:80\" }]");
  use({file_pool("one"), dns_pool("web")});
  dns_.found.at("web")({server("10.0.0.9:80")});
  directory_.write("one.yaml", "servers: [{ addr");
  settle();
  PoolConfig moved = dns_pool("web");
  moved.discover->pos.line = moved.discover->dns->pos.line = 7;
  moved.balance = Balance::least_requests;
  use({moved, file_pool("one")});
  EXPECT_EQ(dns_.made, 1);
  EXPECT_EQ(discovery_.found("web").dns.size(), 1U);
  EXPECT_EQ(discovery_.found("one").file.size(), 1U);  // the last good list
}

TEST_F(Discovering, BeginsAnewWhereTheConfigurationAsksOtherwise) {
  use({dns_pool("web")});
  dns_.found.at("web")({server("10.0.0.9:80")});
  use({dns_pool("web", 81)});
  EXPECT_EQ(dns_.made, 2);
  EXPECT_THAT(discovery_.found("web").dns, IsEmpty());
  PoolConfig heavier = dns_pool("web", 81);
  heavier.discover->server.weight = 5;
  use({heavier});
  EXPECT_EQ(dns_.made, 3);
  use({});
  EXPECT_THAT(dns_.found, IsEmpty());
}

TEST_F(Discovering, WhatIsPreparedAndDroppedChangesNothing) {
  use({dns_pool("web")});
  dns_.found.at("web")({server("10.0.0.9:80")});
  changed_.clear();
  {
    const auto next = discovery_.prepare({dns_pool("web", 81), dns_pool("api")}, base::mono_now());
    ASSERT_TRUE(next);
    dns_.found.at("api")({server("10.0.0.1:80")});
  }
  EXPECT_THAT(changed_, IsEmpty());
  EXPECT_EQ(discovery_.found("web").dns.size(), 1U);
  EXPECT_THAT(discovery_.found("api").dns, IsEmpty());
}

TEST_F(Discovering, SaysWhereItCannotAskTheDns) {
  Discovery without([](const std::string&) {}, {});
  const auto next = without.prepare({dns_pool("web")}, base::mono_now());
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message, HasSubstr("pool \"web\": discover.dns is not built"));
}

}  // namespace
}  // namespace ravelin::gateway
