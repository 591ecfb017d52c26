#include "certs/store/ticket_file.h"

#include "base/io/file.h"
#include "tests/certs/store/store_lab.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'800'000'000s};
constexpr TicketRules kRules{.rotate_every = 12h, .keep = 3};

using test::StoreLab;

TEST(TicketFile, BeginsWithOneKeyAndKeepsIt) {
  StoreLab lab;
  const auto first = tend_tickets(lab.store, kRules, kNow);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->size(), 1U);
  const auto again = tend_tickets(lab.store, kRules, kNow + 11h);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *first);
}

TEST(TicketFile, TheNewestComesFirstAndTheOldestGoes) {
  StoreLab lab;
  std::vector<StoredTicketKey> made;
  for (int i = 0; i < 4; ++i) {
    const auto keys = tend_tickets(lab.store, kRules, kNow + i * 12h);
    ASSERT_TRUE(keys);
    made.push_back(keys->front());
  }
  const auto keys = read_tickets(lab.store.paths());
  ASSERT_TRUE(keys);
  EXPECT_EQ(*keys, (std::vector{made[3], made[2], made[1]}));
}

TEST(TicketFile, ReplacedAllAtOnceNoneOfTheOldIsLeft) {
  StoreLab lab;
  const auto before = tend_tickets(lab.store, kRules, kNow);
  ASSERT_TRUE(before);
  ASSERT_TRUE(replace_tickets(lab.store, kNow));
  const auto after = read_tickets(lab.store.paths());
  ASSERT_TRUE(after);
  ASSERT_EQ(after->size(), 1U);
  EXPECT_NE(after->front(), before->front());
}

TEST(TicketFile, IsRefusedWhenOthersCanReadIt) {
  StoreLab lab;
  ASSERT_TRUE(tend_tickets(lab.store, kRules, kNow));
  const std::string path = lab.store.paths().for_gateways() + "/tickets/ring.json";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto keys = tend_tickets(lab.store, kRules, kNow);
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message.find("chmod 600 " + path), std::string::npos);
}

TEST(TicketFile, ADamagedOneIsSetAsideAndANewOneBegun) {
  StoreLab lab;
  const auto before = tend_tickets(lab.store, kRules, kNow);
  ASSERT_TRUE(before);
  const std::string path = lab.path("gateway/tickets/ring.json");
  for (const std::string& damage : {std::string(), std::string("{\"keys\": [1]}")}) {
    ASSERT_TRUE(base::replace_file(path, damage, 0600));
    ASSERT_FALSE(read_tickets(lab.store.paths()));
    const auto anew = tend_tickets(lab.store, kRules, kNow);
    ASSERT_TRUE(anew) << anew.error().message;
    ASSERT_EQ(anew->size(), 1U);
    EXPECT_NE(anew->front(), before->front());
    EXPECT_EQ(*read_tickets(lab.store.paths()), *anew);
    EXPECT_EQ(test::read_text(path + ".damaged"), damage);
    EXPECT_EQ(*tend_tickets(lab.store, kRules, kNow + 1h), *anew);
  }
}

struct DueCase {
  const char* what;
  seconds age;
  bool is_due;
};

constexpr DueCase kDue[] = {{"JustMade", 0s, false},
                            {"AMomentEarly", 12h - 1s, false},
                            {"InTime", 12h, true},
                            {"TheClockWentBackABit", -1h, false},
                            {"TheClockWentBackFar", -13h, true}};

TEST(TicketFile, IsDueByTheAgeOfTheNewest) {
  EXPECT_TRUE(is_ticket_due({}, kRules, kNow));
  for (const auto& [what, age, is_due] : kDue) {
    StoredTicketKey key;
    key.made = kNow - age;
    EXPECT_EQ(is_ticket_due(std::span(&key, 1), kRules, kNow), is_due) << what;
  }
}

TEST(TicketFile, DamageIsAnError) {
  StoredTicketKey key;
  key.made = kNow;
  const std::string good = format_tickets(std::span(&key, 1));
  ASSERT_TRUE(parse_tickets(good));
  EXPECT_FALSE(parse_tickets("{}"));
  EXPECT_FALSE(parse_tickets(R"({"keys": [1]})"));
  std::string bad = good;
  bad[bad.find("00")] = 'g';
  EXPECT_FALSE(parse_tickets(bad));
}

}  // namespace
}  // namespace ravelin::certs
