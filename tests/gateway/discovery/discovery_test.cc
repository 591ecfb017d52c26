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

ServerConfig found_server(const std::string& address, ServerConfig like = {}) {
  like.address = *base::parse_endpoint(address);
  like.name = address;
  return like;
}

// A source of servers that is told what it finds; knows how many there are.
struct FakeDns {
  struct Running : RunningSource {
    Running(FakeDns& owner, const PoolConfig& of)
        : dns(owner), pool(of.name), discover(*of.discover) {}

    ~Running() override { dns.found.erase(pool); }

    [[nodiscard]] std::string describe(base::WallTime /*now*/) const override { return "asked"; }

    [[nodiscard]] bool asks_for(const DiscoverConfig& wanted) const override {
      return wanted.dns && wanted.dns->name == discover.dns->name;
    }

    [[nodiscard]] std::vector<ServerConfig> servers_for(
        const DiscoverConfig& wanted) const override {
      std::vector<ServerConfig> servers;
      for (const std::string& host : dns.answers[pool])
        servers.push_back(
            found_server(fmt::format("{}:{}", host, wanted.dns->port), wanted.server));
      if (servers.size() > wanted.servers_max) servers.resize(wanted.servers_max);
      return servers;
    }

    void use(const DiscoverConfig& wanted) override {
      discover = wanted;
      if (!dns.answers[pool].empty()) dns.found.at(pool)(servers_for(discover));
    }

    FakeDns& dns;
    std::string pool;
    DiscoverConfig discover;
  };

  Discovery::DnsFactory factory() {
    return [this](const PoolConfig& pool, Discovery::Found callback) {
      ++made;
      found[pool.name] = std::move(callback);
      auto source = std::make_unique<Running>(*this, pool);
      running[pool.name] = source.get();
      return source;
    };
  }

  // The name servers say this from now on.
  void answer(const std::string& pool, std::vector<std::string> hosts) {
    answers[pool] = std::move(hosts);
    running.at(pool)->use(running.at(pool)->discover);
  }

  // By pool.
  std::map<std::string, Discovery::Found> found;
  std::map<std::string, Running*> running;
  std::map<std::string, std::vector<std::string>> answers;
  int made = 0;
};

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
  dns_.found.at("web")({found_server("10.0.0.1:80")});
  dns_.found.at("web")({found_server("10.0.0.1:80")});
  EXPECT_THAT(changed_, ElementsAre("web"));
  EXPECT_EQ(discovery_.found("web").dns.size(), 1U);
}

TEST_F(Discovering, KeepsWhatUnchangedSourcesKnow) {
  directory_.write("one.yaml", "servers: [{ address: \"10.0.0.1:80\" }]");
  use({file_pool("one"), dns_pool("web")});
  dns_.found.at("web")({found_server("10.0.0.9:80")});
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
  dns_.answer("web", {"10.0.0.9"});
  PoolConfig other = dns_pool("web");
  other.discover->dns->name = "other.internal";
  use({other});
  EXPECT_EQ(dns_.made, 2);
  EXPECT_THAT(discovery_.found("web").dns, IsEmpty());
  use({});
  EXPECT_THAT(discovery_.found("web").dns, IsEmpty());
  EXPECT_THAT(dns_.found, IsEmpty());
}

// With the name servers out of reach, a pool would be without a server until they are back.
TEST_F(Discovering, KeepsTheAnswerWhereItsServersAreToBeOthers) {
  struct Case {
    const char* what;
    std::function<void(DiscoverConfig&)> change;
    std::vector<std::string> names;
  };

  const std::vector<Case> cases = {
      {"another port",
       [](DiscoverConfig& to) { to.dns->port = 81; },
       {"10.0.0.8:81", "10.0.0.9:81"}},
      {"a weight",
       [](DiscoverConfig& to) { to.server.weight = 5; },
       {"10.0.0.8:80", "10.0.0.9:80"}},
      {"fewer", [](DiscoverConfig& to) { to.servers_max = 1; }, {"10.0.0.8:80"}},
      {"a file beside it",
       [this](DiscoverConfig& to) { to.file.emplace().path = directory_.path("none.yaml"); },
       {"10.0.0.8:80", "10.0.0.9:80"}}};
  for (const Case& each : cases) {
    use({dns_pool("web")});
    const int made = dns_.made;
    dns_.answer("web", {"10.0.0.8", "10.0.0.9"});
    PoolConfig changed = dns_pool("web");
    each.change(*changed.discover);
    use({changed});
    EXPECT_EQ(dns_.made, made) << each.what;
    std::vector<std::string> names;
    for (const ServerConfig& found : discovery_.found("web").dns) {
      names.push_back(found.name);
      EXPECT_EQ(found.weight, changed.discover->server.weight) << each.what;
    }
    EXPECT_EQ(names, each.names) << each.what;
    changed_.clear();
    dns_.answer("web", {"10.0.0.7"});  // it is still asked, and its answers are as wanted now
    EXPECT_THAT(changed_, ElementsAre("web")) << each.what;
    ASSERT_EQ(discovery_.found("web").dns.size(), 1U) << each.what;
    EXPECT_EQ(discovery_.found("web").dns[0].weight, changed.discover->server.weight) << each.what;
    use({});
  }
}

TEST_F(Discovering, WhatIsAnsweredWhileAReloadIsPreparedIsNotLost) {
  use({dns_pool("web")});
  dns_.answer("web", {"10.0.0.8"});
  PoolConfig moved = dns_pool("web", 81);
  auto next = discovery_.prepare({moved}, base::mono_now());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->found("web").dns.at(0).name, "10.0.0.8:81");
  dns_.answer("web", {"10.0.0.9"});
  EXPECT_EQ(discovery_.found("web").dns.at(0).name, "10.0.0.9:80");
  changed_.clear();
  discovery_.adopt(std::move(*next));
  EXPECT_THAT(changed_, ElementsAre("web"));
  EXPECT_EQ(discovery_.found("web").dns.at(0).name, "10.0.0.9:81");
}

TEST_F(Discovering, WhatIsPreparedAndDroppedChangesNothing) {
  use({dns_pool("web")});
  dns_.found.at("web")({found_server("10.0.0.9:80")});
  changed_.clear();
  {
    const auto next = discovery_.prepare({dns_pool("web", 81), dns_pool("api")}, base::mono_now());
    ASSERT_TRUE(next);
    dns_.found.at("api")({found_server("10.0.0.1:80")});
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
