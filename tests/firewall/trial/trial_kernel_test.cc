// The tests of shipped policies with real packets. Needs root.
#include "firewall/trial/trial.h"
#include "tests/firewall/trial/shipped.h"

namespace ravelin::firewall::trial {
namespace {

TEST(TrialInKernel, ShippedPoliciesPass) {
  for (const char* path : kShipped) {
    const auto outcomes = run_tests_in_kernel(read_shipped(path), {});
    ASSERT_TRUE(outcomes) << path << ": " << base::to_string(outcomes.error());
    expect_all_pass(*outcomes, path);
  }
}

}  // namespace
}  // namespace ravelin::firewall::trial
