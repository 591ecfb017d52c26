#include "certs/store/pending.h"

#include "base/io/file.h"
#include "tests/certs/store/store_lab.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using test::StoreLab;

const std::string kName = "www.example.test";

PendingPlan plan_for(const std::string& issuer) {
  return {.names = {kName},
          .issuer = issuer,
          .keys = {"p256", "rsa2048"},
          .profile = "short",
          .reason = "renewal",
          .by = "scheduler",
          .since = std::chrono::floor<std::chrono::seconds>(test::kNow)};
}

class PendingOrder : public testing::Test {
 protected:
  PendingOrder() : lease_(lab_.lease(kName)) {
    EXPECT_TRUE(lab_.store.set_want(*lease_, kName, {.names = {kName}, .issuers = {"le"}}));
  }

  Pending begin(const std::string& issuer = "le") {
    auto pending = Pending::begin(lab_.store, *lease_, kName, plan_for(issuer));
    EXPECT_TRUE(pending) << pending.error().message;
    return std::move(*pending);
  }

  [[nodiscard]] std::optional<Pending> find() const {
    auto pending = Pending::find(lab_.store, kName);
    EXPECT_TRUE(pending) << pending.error().message;
    return std::move(*pending);
  }

  StoreLab lab_;
  std::unique_ptr<Lease> lease_;
};

TEST_F(PendingOrder, APlaceholdersIsBesideTheOtherAndGoesWithTheNext) {
  const Pending order = begin();
  ASSERT_TRUE(order.keep_key(PairSlot::ec, "key"));
  for (int turn = 0; turn < 2; ++turn) {
    const auto aside = Pending::begin_placeholder(lab_.store, *lease_, kName, plan_for("local"));
    ASSERT_TRUE(aside) << aside.error().message;
    EXPECT_EQ(*aside->key(PairSlot::ec), "");
    ASSERT_TRUE(aside->keep_key(PairSlot::ec, "other"));
    EXPECT_EQ(find()->plan().issuer, "le");
    EXPECT_EQ(*find()->key(PairSlot::ec), "key");
  }
  begin("dev");
  EXPECT_FALSE(fs::exists(lab_.store.paths().pending_placeholder(kName)));
  EXPECT_EQ(find()->plan().issuer, "dev");
}

TEST_F(PendingOrder, IsFoundAsBegun) {
  EXPECT_FALSE(find());
  EXPECT_FALSE(lab_.state(kName).has_pending);
  begin();
  EXPECT_TRUE(lab_.state(kName).has_pending);
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(format_plan(found->plan()), format_plan(plan_for("le")));
  EXPECT_TRUE(found->plan().is_same_order(plan_for("le")));
  EXPECT_FALSE(found->plan().is_same_order(plan_for("dev")));
}

TEST_F(PendingOrder, KeepsKeysNotesAndChainsBySlot) {
  const Pending pending = begin();
  EXPECT_EQ(*pending.key(PairSlot::ec), "");
  EXPECT_EQ(*pending.chain(PairSlot::ec), "");
  EXPECT_EQ(pending.note(PairSlot::ec)->text(), "");
  ASSERT_TRUE(pending.keep_key(PairSlot::ec, "KEY"));
  ASSERT_TRUE(pending.note(PairSlot::ec)->save("https://ca/order/1"));
  ASSERT_TRUE(pending.keep_chain(PairSlot::ec, "CHAIN", "order 1"));
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(*found->key(PairSlot::ec), "KEY");
  EXPECT_EQ(found->note(PairSlot::ec)->text(), "https://ca/order/1");
  EXPECT_EQ(*found->chain(PairSlot::ec), "CHAIN");
  EXPECT_EQ(found->order(PairSlot::ec), "order 1");
  EXPECT_EQ(*found->key(PairSlot::rsa), "");
  EXPECT_EQ(*found->chain(PairSlot::rsa), "");
  EXPECT_EQ(found->note(PairSlot::rsa)->text(), "");
}

TEST_F(PendingOrder, IsItsOwnersAlone) {
  const Pending pending = begin();
  ASSERT_TRUE(pending.keep_key(PairSlot::ec, "KEY"));
  const std::string folder = lab_.store.paths().pending(kName);
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms(0700));
  for (const char* file : {"/plan.json", "/ec.key"})
    EXPECT_EQ(fs::status(folder + file).permissions(), fs::perms(0600)) << file;
}

TEST_F(PendingOrder, AnotherTakesItsPlaceWithNothingOfIt) {
  ASSERT_TRUE(begin("le").keep_key(PairSlot::ec, "KEY"));
  begin("dev");
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->plan().issuer, "dev");
  EXPECT_EQ(*found->key(PairSlot::ec), "");
}

TEST_F(PendingOrder, IsGoneOnceEnded) {
  const Pending pending = begin();
  ASSERT_TRUE(pending.end());
  EXPECT_FALSE(find());
  EXPECT_FALSE(lab_.state(kName).has_pending);
  EXPECT_TRUE(pending.end());
}

TEST_F(PendingOrder, WithoutAPlanIsNone) {
  begin();
  const std::string plan = lab_.store.paths().pending(kName) + "/plan.json";
  fs::remove(plan);
  EXPECT_FALSE(find());
  ASSERT_TRUE(base::replace_file(plan, "{\"names\"", 0600));
  const auto broken = Pending::find(lab_.store, kName);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message,
            lab_.store.paths().pending(kName) + ": the plan of an order is no JSON object");
}

TEST_F(PendingOrder, NeedsTheLease) {
  const LeaseRecord other{
      lease_->fence() + 1, {"other-host", "boot-2", 1, 1, "renew"}, {}, sys_seconds::max()};
  ASSERT_TRUE(base::replace_file(lab_.store.paths().lock(kName), format_lease(other), 0600));
  const auto begun = Pending::begin(lab_.store, *lease_, kName, plan_for("le"));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, base::Errc::conflict);
  EXPECT_FALSE(find());
}

}  // namespace
}  // namespace ravelin::certs
