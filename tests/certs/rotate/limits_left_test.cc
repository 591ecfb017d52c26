#include "certs/rotate/limits_left.h"

#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kDirectory = "https://acme-v02.api.letsencrypt.org/directory";
const sys_seconds kLimitStart = std::chrono::floor<seconds>(test::kNow);

std::vector<std::string> texts(const std::vector<LimitLeft>& all) {
  std::vector<std::string> lines;
  for (const LimitLeft& left : all)
    lines.push_back(fmt::format("{} {}: {} of {} {}{}", left.issuer, text_of(left.by), left.left,
                                left.most, left.what, left.is_assumed ? " assumed" : ""));
  return lines;
}

TEST(LimitsLeft, AreThoseOfTheFullest) {
  const PublicSuffixes suffixes;
  OrderCount past(limits_of(kDirectory), suffixes);
  EXPECT_THAT(texts(limits_left("le", limits_of(kDirectory), past, kLimitStart)),
              ElementsAre("le account: 300 of 300 orders in 3 h", "le registered_domain: 50 of 50 ",
                          "le exact_names: 5 of 5 "));
  for (int i = 0; i < 60; ++i)
    past.add({kLimitStart - 1h, {fmt::format("n{}.example.com", i)}, OrderKind::first});
  past.add({kLimitStart - 4h, {"www.example.net"}, OrderKind::first});
  past.add({kLimitStart - 1h, {"www.example.net"}, OrderKind::again, 2});
  past.add({kLimitStart - 1h, {"www.example.net"}, OrderKind::replacing, 9});
  EXPECT_THAT(texts(limits_left("le", limits_of(kDirectory), past, kLimitStart)),
              ElementsAre("le account: 240 of 300 orders in 3 h",
                          "le registered_domain: 0 of 50 certificates for example.com in 7 d",
                          "le exact_names: 2 of 5 orders for the names of www.example.net in 7 d"));
}

TEST(LimitsLeft, OfACaThatPublishesNoneAreAssumed) {
  const CaLimits limits = limits_of("https://ca.test/dir");
  const PublicSuffixes suffixes;
  EXPECT_THAT(
      texts(limits_left("ca", limits, OrderCount(limits, suffixes), kLimitStart)),
      ElementsAre("ca account: 300 of 300 orders in 3 h assumed",
                  "ca registered_domain: 50 of 50  assumed", "ca exact_names: 5 of 5  assumed"));
}

std::vector<IssuerConfig> issuers() {
  IssuerConfig le;
  le.name = "le";
  le.kind = IssuerKind::acme;
  le.directory = kDirectory;
  IssuerConfig own;
  own.name = "dev";
  return {own, le};
}

TEST(LimitBook, CountsWhatTheStoreRemembers) {
  test::RotationLab lab;
  LimitBook book(lab.store);
  EXPECT_THAT(book.left(), IsEmpty());
  book.tend(issuers(), kLimitStart, {});
  EXPECT_THAT(texts(book.left()),
              ElementsAre("le account: 300 of 300 orders in 3 h", "le registered_domain: 50 of 50 ",
                          "le exact_names: 5 of 5 "));
  ASSERT_EQ(lab.why(), "");
  book.tend(issuers(), kLimitStart + 1s, {});
  EXPECT_THAT(
      texts(book.left()),
      ElementsAre("le account: 299 of 300 orders in 3 h",
                  "le registered_domain: 49 of 50 certificates for example.test in 7 d",
                  "le exact_names: 4 of 5 orders for the names of www.example.test in 7 d"));
  // The next one says what it replaces, which this CA does not count.
  ASSERT_EQ(lab.why(), "");
  book.tend(issuers(), kLimitStart + 2s, {});
  EXPECT_EQ(texts(book.left())[2],
            "le exact_names: 4 of 5 orders for the names of www.example.test in 7 d");
  book.tend(issuers(), kLimitStart + 4h, {});
  EXPECT_EQ(texts(book.left())[0], "le account: 300 of 300 orders in 3 h");
  book.tend({}, kLimitStart + 4h, {});
  EXPECT_THAT(book.left(), IsEmpty());
}

}  // namespace
}  // namespace ravelin::certs
