#include "gateway/runtime/listener_plan.h"

#include "gateway/runtime/restart_only.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ListenerConfig listener(std::string name, const std::vector<std::string>& binds) {
  ListenerConfig config;
  config.name = std::move(name);
  config.bind.reserve(binds.size());
  for (const std::string& bind : binds)
    config.bind.push_back(*base::parse_endpoint(bind, base::PortZero::allowed));
  return config;
}

// "key>listener" of each, in order.
std::vector<std::string> brief(const std::vector<ListenerPlan::Address>& addresses) {
  std::vector<std::string> out;
  out.reserve(addresses.size());
  for (const ListenerPlan::Address& address : addresses)
    out.push_back(address.key + ">" + address.listener);
  return out;
}

struct PlanCase {
  const char* name;
  HeldAddresses now;
  std::vector<ListenerConfig> next;
  std::vector<std::string> bound;
  std::vector<std::string> moved;
  std::vector<std::string> closed;
};

class ListenerPlans : public ::testing::TestWithParam<PlanCase> {};

TEST_P(ListenerPlans, AreTheLeastThatMustHappen) {
  const PlanCase& row = GetParam();
  const ListenerPlan plan = plan_listeners(row.now, row.next);
  EXPECT_EQ(brief(plan.bound), row.bound);
  EXPECT_EQ(brief(plan.moved), row.moved);
  EXPECT_EQ(plan.closed, row.closed);
}

const PlanCase kPlanCases[] = {
    {"AtTheStartAllAreBound",
     {},
     {listener("web", {"127.0.0.1:443", "[::1]:443"}), listener("plain", {"unix:/run/x"})},
     {"127.0.0.1:443>web", "[::1]:443>web", "unix:/run/x>plain"},
     {},
     {}},
    {"NothingChanges",
     {{"127.0.0.1:443", "web"}},
     {listener("web", {"127.0.0.1:443"})},
     {},
     {},
     {}},
    {"AnAddressIsAddedUnderTheSameName",
     {{"127.0.0.1:443", "web"}},
     {listener("web", {"127.0.0.1:443", "127.0.0.1:8443"})},
     {"127.0.0.1:8443>web"},
     {},
     {}},
    {"AnAddressIsReplacedUnderTheSameName",
     {{"127.0.0.1:443", "web"}},
     {listener("web", {"127.0.0.1:8443"})},
     {"127.0.0.1:8443>web"},
     {},
     {"127.0.0.1:443"}},
    {"ARenamedListenerKeepsItsSockets",
     {{"127.0.0.1:443", "web"}},
     {listener("www", {"127.0.0.1:443"})},
     {},
     {"127.0.0.1:443>www"},
     {}},
    {"TwoListenersSwapAddresses",
     {{"127.0.0.1:1", "a"}, {"127.0.0.1:2", "b"}},
     {listener("a", {"127.0.0.1:2"}), listener("b", {"127.0.0.1:1"})},
     {},
     {"127.0.0.1:2>a", "127.0.0.1:1>b"},
     {}},
    {"AListenerGoes",
     {{"127.0.0.1:1", "a"}, {"127.0.0.1:2", "b"}},
     {listener("b", {"127.0.0.1:2"})},
     {},
     {},
     {"127.0.0.1:1"}},
    {"PortsTheKernelChoosesAreTheirListenersOwn",
     {{"127.0.0.1:0 0 of a", "a"}},
     {listener("a", {"127.0.0.1:0", "127.0.0.1:0"}), listener("b", {"127.0.0.1:0"})},
     {"127.0.0.1:0 1 of a>a", "127.0.0.1:0 0 of b>b"},
     {},
     {}},
};

INSTANTIATE_TEST_SUITE_P(, ListenerPlans, ::testing::ValuesIn(kPlanCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(RestartOnly, NamesTheKeysThatDiffer) {
  Config config;
  config.workers = 2;
  const RestartOnly running = restart_only_of(config);
  EXPECT_THAT(restart_only_changes(running, config), IsEmpty());
  config.log.level = "debug";
  EXPECT_THAT(restart_only_changes(running, config), IsEmpty());
  config.workers = 4;
  config.user = "nobody";
  config.admin = {.socket = "/run/x", .listen = base::IpEndpoint{}};
  config.log.sink = LogSink::syslog;
  config.log.socket = "/run/log";
  config.firewall = FirewallConfig{};  // nobody is banned: nothing goes there
  EXPECT_THAT(
      restart_only_changes(running, config),
      ElementsAre("workers", "user", "admin.socket", "admin.listen", "log.sink", "log.socket"));
}

TEST(RestartOnly, BansGoToTheFirewallWhereBothAreConfigured) {
  Config config;
  config.firewall = FirewallConfig{.socket = "/run/fw.sock"};
  EXPECT_EQ(ban_socket_of(config), "");
  const RestartOnly running = restart_only_of(config);
  config.abuse = AbuseConfig{};
  EXPECT_EQ(ban_socket_of(config), "/run/fw.sock");
  EXPECT_THAT(restart_only_changes(running, config), ElementsAre("firewall.socket"));
  config.abuse.reset();
  config.overload.kernel.emplace();
  EXPECT_EQ(ban_socket_of(config), "/run/fw.sock");
  config.overload.kernel.reset();
  config.pools.emplace_back().quarantine = {QuarantineState::down};
  EXPECT_EQ(ban_socket_of(config), "/run/fw.sock");
  config.firewall->takes_bans = false;
  EXPECT_EQ(ban_socket_of(config), "");
}

}  // namespace
}  // namespace ravelin::gateway
