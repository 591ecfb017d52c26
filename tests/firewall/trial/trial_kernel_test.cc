// The tests of shipped policies with real packets, and the host they meet. Needs root.
#include "firewall/trial/scratch.h"
#include "firewall/trial/trial.h"
#include "tests/firewall/trial/shipped.h"

#include <fstream>
#include <set>
#include <string>

namespace ravelin::firewall::trial {
namespace {

TEST(TrialInKernel, ShippedPoliciesPass) {
  for (const char* path : kShipped) {
    const auto outcomes = run_tests_in_kernel(read_shipped(path), {});
    ASSERT_TRUE(outcomes) << path << ": " << base::to_string(outcomes.error());
    expect_all_pass(*outcomes, path);
  }
}

// Reports of groups, sent within some seconds, are counted by rules like the packet that is tried.
TEST(TrialInKernel, TheHostJoinsNoGroupThatItReports) {
  Places places;
  places.interfaces = {"eth0", "wg0"};
  places.own = {*base::parse_ip("2001:db8::1"), *base::parse_ip("192.0.2.1")};
  places.beyond = {{*base::parse_ip("2001:db8::2"), "eth0"}};
  const auto host = ScratchHost::open(places);
  ASSERT_TRUE(host) << base::to_string(host.error());
  // Of all nodes, on the link and on the interface, nobody reports (RFC 3810 section 6).
  const std::set<std::string> silent = {"ff020000000000000000000000000001",
                                        "ff010000000000000000000000000001"};
  std::ifstream groups("/proc/thread-self/net/igmp6");
  std::size_t count = 0;
  for (std::string number, name, group, rest; groups >> number >> name >> group; ++count) {
    std::getline(groups, rest);
    EXPECT_TRUE(silent.contains(group)) << name << " " << group;
  }
  EXPECT_GE(count, 2U);
}

}  // namespace
}  // namespace ravelin::firewall::trial
