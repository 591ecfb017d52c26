#include "certs/ca/sign_leaf.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using base::WallTime;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

struct DatesCase {
  const char* name;
  std::optional<WallTime> not_before, not_after;
  std::optional<LeafDates> dates;  // none: refused
};

// For an issuing certificate from 20 days ago until in 30 days, and a lifetime of 7 days.
const DatesCase kDates[] = {
    {"ByDefault", {}, {}, LeafDates{kNow - minutes(5), kNow + days(7)}},
    {"StartAsWished", kNow + hours(1), {}, LeafDates{kNow + hours(1), kNow + hours(1) + days(7)}},
    {"EndAsWished", {}, kNow + days(20), LeafDates{kNow - minutes(5), kNow + days(20)}},
    {"EndsWithTheIssuer", {}, kNow + days(31), LeafDates{kNow - minutes(5), kNow + days(30)}},
    {"StartsWithTheIssuer", kNow - days(21), kNow + days(1),
     LeafDates{kNow - days(20), kNow + days(1)}},
    {"BothAsWished", kNow + days(1), kNow + days(2), LeafDates{kNow + days(1), kNow + days(2)}},
    {"EndsBeforeItStarts", kNow + days(2), kNow + days(1), {}},
    {"EndsAsItStarts", kNow + days(2), kNow + days(2), {}},
    {"HasEnded", {}, kNow, {}},
    {"StartsAfterTheIssuerEnds", kNow + days(30), {}, {}},
    {"LivedLongAgo", kNow - days(10), {}, {}},
};

TEST(SignLeaf, DatesStayWithinTheIssuers) {
  CertificateInfo issuing;
  issuing.not_before = kNow - days(20);
  issuing.not_after = kNow + days(30);
  for (const auto& [name, not_before, not_after, dates] : kDates) {
    const auto planned = plan_leaf_dates(not_before, not_after, days(7), issuing, kNow);
    ASSERT_EQ(planned.has_value(), dates.has_value()) << name;
    if (dates) EXPECT_EQ(*planned, *dates) << name;
    if (!dates) EXPECT_EQ(planned.error().code, base::Errc::invalid) << name;
  }
}

TEST(SignLeaf, EndedIssuerSignsNothing) {
  CertificateInfo issuing;
  issuing.not_after = kNow;
  const auto planned = plan_leaf_dates({}, {}, days(7), issuing, kNow);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code, base::Errc::unavailable);
  EXPECT_EQ(planned.error().message, "the issuing certificate ended on 2026-03-02 00:00:00 UTC");
}

TEST(SignLeaf, LessThanAThirdLeftIsDue) {
  CertificateInfo info;
  info.not_before = kNow;
  info.not_after = kNow + days(90);
  EXPECT_FALSE(is_renewal_due(info, kNow));
  EXPECT_FALSE(is_renewal_due(info, kNow + days(60)));
  EXPECT_TRUE(is_renewal_due(info, kNow + days(60) + minutes(1)));
  EXPECT_TRUE(is_renewal_due(info, kNow + days(100)));
}

}  // namespace
}  // namespace ravelin::certs
