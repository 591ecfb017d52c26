#include "certs/rotate/check_expiry.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

constexpr std::chrono::sys_seconds kCheckTime =
    std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

struct ExpiryCase {
  const char* title;
  seconds lifetime;
  seconds left;
  Worry worry;
  ExpiryThresholds thresholds{};
};

TEST(CheckExpiry, TheLifetimeAndTheThresholdsDecide) {
  const ExpiryCase rows[] = {
      {"Fresh", days(90), days(89), Worry::none},
      {"JustBeforeTheWarning", days(90), days(21) + 1s, Worry::none},
      {"Warning", days(90), days(21), Worry::warning},
      {"JustBeforeCritical", days(90), days(7) + 1s, Worry::warning},
      {"Critical", days(90), days(7), Worry::critical},
      {"Ended", days(90), 0s, Worry::critical},
      {"LongAgo", days(90), -days(400), Worry::critical},
      {"AWeekIsNoTroubleFromItsFirstHour", days(7), days(6), Worry::none},
      {"AWeekWithAQuarterLeft", days(7), 42h, Worry::warning},
      {"AWeekWithATenthLeft", days(7), 16h, Worry::critical},
      {"AYear", days(365), days(22), Worry::none},
      {"ThresholdsAreTakenAsTheyAre", days(7), days(6), Worry::warning, {days(10), days(1)}},
      {"CriticalAboveWarning", days(90), days(12), Worry::critical, {days(3), days(30)}},
      {"EndedWithoutThresholds", days(90), -1s, Worry::critical, {0s, 0s}},
      {"NoLifetimeAtAll", 0s, 1s, Worry::none},
  };
  for (const ExpiryCase& row : rows)
    EXPECT_EQ(judge_expiry(kCheckTime + row.left - row.lifetime, kCheckTime + row.left,
                           row.thresholds, kCheckTime),
              row.worry)
        << row.title;
}

}  // namespace
}  // namespace ravelin::certs
