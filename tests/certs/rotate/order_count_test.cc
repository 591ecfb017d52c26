#include "certs/rotate/order_count.h"

#include "certs/rotate/past_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr sys_seconds kCountTime = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + 12h;

struct DomainCase {
  const char* name;
  const char* domain;
};

TEST(RegisteredDomain, IsWhatSomebodyHasRegistered) {
  const DomainCase rows[] = {
      {"www.example.com", "example.com"},
      {"example.com", "example.com"},
      {"a.b.example.co.uk", "example.co.uk"},
      {"*.shop.example.org", "example.org"},
      {"me.github.io", "me.github.io"},
      {"co.uk", "co.uk"},
      {"www.example.unknown-suffix", "example.unknown-suffix"},
      {"192.0.2.7", "192.0.2.7"},
      {"2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
  };
  const PublicSuffixes suffixes;
  for (const DomainCase& row : rows)
    EXPECT_EQ(suffixes.registered_domain(row.name), row.domain) << row.name;
}

struct CaCase {
  const char* directory;
  const char* ca;
  bool is_assumed;
  std::size_t limits;
};

TEST(CaLimits, AreKnownByTheHostOfTheDirectory) {
  const CaCase rows[] = {
      {"https://acme-v02.api.letsencrypt.org/directory", "Let's Encrypt", false, 3},
      {"https://acme-staging-v02.api.letsencrypt.org/directory", "Let's Encrypt staging", false, 0},
      {"https://dv.acme-v02.api.pki.goog/directory", "Google Trust Services", true, 3},
      {"https://localhost:14000/dir", "unknown CA", true, 3},
      {"https://acme-v02.api.letsencrypt.org.evil.test/directory", "unknown CA", true, 3},
  };
  for (const CaCase& row : rows) {
    const CaLimits limits = limits_of(row.directory);
    EXPECT_EQ(limits.ca, row.ca) << row.directory;
    EXPECT_EQ(limits.is_assumed, row.is_assumed) << row.directory;
    EXPECT_EQ(limits.limits.size(), row.limits) << row.directory;
  }
}

std::vector<std::string> texts(const std::vector<LimitUse>& uses) {
  std::vector<std::string> all;
  for (const LimitUse& use : uses)
    all.push_back(fmt::format("{}/{} {}", use.used, use.most, use.limit));
  return all;
}

TEST(OrderCount, SaysWhatIsLeftForNames) {
  const PublicSuffixes suffixes;
  OrderCount count(limits_of("https://acme-v02.api.letsencrypt.org/directory"), suffixes);
  const std::vector<std::string> names = {"www.example.com", "example.net"};
  for (int i = 0; i < 48; ++i)
    count.add({kCountTime - days(1), {fmt::format("n{}.example.com", i)}, OrderKind::first});
  count.add({kCountTime - 7 * 24h, {"old.example.com"}, OrderKind::first});  // over
  count.add({kCountTime - 1h, names, OrderKind::again});
  count.add({kCountTime - 1h, names, OrderKind::replacing, 9});
  count.add({kCountTime, names, OrderKind::first, 2});
  EXPECT_THAT(texts(count.left_for("le", names, kCountTime)),
              ElementsAre("1/300 orders in 3 h", "49/50 certificates for example.com in 7 d",
                          "1/50 certificates for example.net in 7 d",
                          "3/5 orders for the names of www.example.com in 7 d"));
}

TEST(OrderCount, ACaWithoutLimitsHasNothingToSay) {
  const PublicSuffixes suffixes;
  OrderCount count({}, suffixes);
  count.add({kCountTime, {"a.test"}});
  EXPECT_THAT(count.nearest("le", kCountTime), IsEmpty());
  EXPECT_THAT(count.left_for("le", {"a.test"}, kCountTime), IsEmpty());
}

HistoryEntry signed_by(const std::string& issuer, std::uint64_t generation, std::uint64_t orders,
                       std::uint64_t replacing, seconds ago) {
  return {.at = kCountTime - ago,
          .event = "renewal",
          .generation = generation,
          .issuer = issuer,
          .orders = orders,
          .replacing = replacing};
}

TEST(PastOrders, AreReadFromHistoryAndGenerations) {
  GenerationInfo untold{
      .number = 3, .names = {"a.test", "b.test"}, .issuer = "le", .made = kCountTime - 1h};
  untold.ec.emplace();
  GenerationInfo told = untold;
  told.number = 2;
  const std::vector<HistoryEntry> history = {
      signed_by("le", 1, 2, 0, days(3)), signed_by("dev", 2, 1, 0, days(2)),
      signed_by("le", 2, 2, 1, days(1)), HistoryEntry{.event = "rollback", .generation = 2}};
  const std::vector<GenerationInfo> kept = {told, untold};
  const auto past = past_orders(history, kept, {"a.test"}, "le");
  std::vector<std::string> seen;
  for (const Orders& orders : past)
    seen.push_back(fmt::format("{} {} {} {}h", orders.names.size(), static_cast<int>(orders.kind),
                               orders.count, (kCountTime - orders.at) / 1h));
  // The first is of a generation that is gone; the last of one the history says nothing of.
  EXPECT_THAT(seen, ElementsAre("1 0 2 72h", "2 2 1 24h", "2 1 1 24h", "2 1 1 1h"));
}

}  // namespace
}  // namespace ravelin::certs
