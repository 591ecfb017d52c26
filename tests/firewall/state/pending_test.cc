#include "firewall/state/pending.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

using namespace std::chrono_literals;

const Pending kPending{.revision = 7, .previous = 5, .applied = 30s, .deadline = {"0a-boot", 90s}};

TEST(Pending, ComesBackAsItWasWritten) {
  const auto read = parse_pending(format_pending(kPending));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, kPending);
}

TEST(Pending, ATextThatIsNotWholeIsAnError) {
  const std::string whole = format_pending(kPending);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_pending(whole.substr(0, length))) << length;
  EXPECT_FALSE(parse_pending(whole + "more 1\n"));
  EXPECT_FALSE(parse_pending("revision 0\nprevious 0\nboot_id x\napplied_ns 1\ndeadline_ns 1\n"));
  EXPECT_FALSE(parse_pending("revision 1\nprevious -1\nboot_id x\napplied_ns 1\ndeadline_ns 1\n"));
  EXPECT_FALSE(parse_pending(
      "revision 1\nprevious 0\nboot_id x\napplied_ns 1\ndeadline_ns 18446744073709551615\n"));
}

TEST(Pending, TimeRunsOutAtTheDeadlineAndWithTheBoot) {
  EXPECT_EQ(time_left(kPending, {"0a-boot", 30s}), 60s);
  EXPECT_EQ(time_left(kPending, {"0a-boot", 90s}), 0s);
  EXPECT_EQ(time_left(kPending, {"0a-boot", 2h}), 0s);
  EXPECT_EQ(time_left(kPending, {"another", 30s}), 0s);
}

}  // namespace
}  // namespace ravelin::firewall
