// When a kept connection is let go of: what a server does twice counts, and what it says; one bad
// moment does not, and nothing counts for good.
#include "gateway/upstream/idle_limit.h"

#include "gateway/upstream/keep_alive_timeout.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::MonoTime;

const MonoTime kBegin = base::mono_now();

struct Close {
  Duration at;
  Duration idle;
};

struct ClosesCase {
  const char* name;
  std::vector<Close> closes;
  Duration limit;  // a moment after the last
};

class Closes : public testing::TestWithParam<ClosesCase> {};

TEST_P(Closes, SayHowLongIsTooLong) {
  IdleLimit limit;
  EXPECT_EQ(limit.at(kBegin), Duration::max());
  MonoTime now = kBegin;
  for (const Close& close : GetParam().closes) {
    now = kBegin + close.at;
    limit.closed(now, close.idle);
  }
  EXPECT_EQ(limit.at(now), GetParam().limit);
}

INSTANTIATE_TEST_SUITE_P(
    Idle, Closes,
    testing::Values(
        ClosesCase{"Once", {{10s, 8s}}, Duration::max()},
        ClosesCase{"TwiceAlike", {{10s, 8s}, {20s, 8s}}, 7s},
        ClosesCase{"TheShorterCounts", {{10s, 8s}, {20s, 10s}}, 7s},
        ClosesCase{"TwiceNotAlike", {{10s, 8s}, {20s, 800ms}}, Duration::max()},
        ClosesCase{"AllAtOnceAsAServerStartsAnew",
                   {{10s, 2s}, {10s, 2s}, {10s + 10ms, 2s}, {10s + 999ms, 2s}},
                   Duration::max()},
        ClosesCase{"TwoStartsOfAServer", {{10s, 2s}, {10s, 900ms}, {90s, 700ms}}, Duration::max()},
        ClosesCase{"TooSoonToMeanIt", {{10s, 400ms}, {20s, 400ms}}, Duration::max()},
        ClosesCase{"ShorterLater", {{10s, 8s}, {20s, 8s}, {30s, 4s}, {40s, 4s}}, 3500ms},
        ClosesCase{"NotLonger", {{10s, 4s}, {20s, 4s}, {30s, 8s}, {40s, 8s}}, 3500ms}),
    [](const auto& row) { return row.param.name; });

TEST(IdleLimit, IsForgottenInTime) {
  IdleLimit limit;
  limit.closed(kBegin, 8s);
  const MonoTime learned = kBegin + 20s;
  limit.closed(learned, 8s);
  EXPECT_EQ(limit.at(learned + 9min), 7s);
  EXPECT_EQ(limit.at(learned + 10min), 14s);
  EXPECT_EQ(limit.at(learned + 25min), 28s);
  EXPECT_EQ(limit.at(learned + 24h * 365), Duration::max());
  // It has not changed after all.
  limit.closed(learned + 30min, 8s);
  EXPECT_EQ(limit.at(learned + 30min), 7s);
}

TEST(IdleLimit, FollowsWhatIsAnnounced) {
  IdleLimit limit;
  limit.announced(5s);
  EXPECT_EQ(limit.at(kBegin), 4s);
  limit.announced(60s);
  EXPECT_EQ(limit.at(kBegin), 59s);
  limit.announced(1s);
  limit.announced(0s);
  EXPECT_EQ(limit.at(kBegin), 59s);
  limit.closed(kBegin, 8s);
  limit.closed(kBegin + 20s, 8s);
  EXPECT_EQ(limit.at(kBegin + 20s), 7s);
  EXPECT_EQ(limit.at(kBegin + 24h), 59s);
}

TEST(KeepAlive, TimeoutIsFound) {
  const std::vector<std::pair<std::string_view, std::optional<std::chrono::seconds>>> cases = {
      {"timeout=5", 5s},
      {"timeout=5, max=100", 5s},
      {"max=100,  Timeout=15 ", 15s},
      {"timeout=0", 0s},
      {"timeout=86400", 24h},
      {"", std::nullopt},
      {",,,", std::nullopt},
      {"max=100", std::nullopt},
      {"timeout", std::nullopt},
      {"timeout=", std::nullopt},
      {"timeout=-1", std::nullopt},
      {"timeout=5s", std::nullopt},
      {"timeout=86401", std::nullopt},
      {"timeout=99999999999999999999999", std::nullopt},
      {"xtimeout=5", std::nullopt}};
  for (const auto& [value, timeout] : cases)
    EXPECT_EQ(parse_keep_alive_timeout(value), timeout) << value;
}

}  // namespace
}  // namespace ravelin::gateway
