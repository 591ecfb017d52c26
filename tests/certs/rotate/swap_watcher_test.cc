#include "certs/rotate/swap_watcher.h"

#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;
using test::kRotated;
using test::RotationLab;
using testing::ElementsAre;

// A gateway that says what it is told to say.
class Watching : public testing::Test {
 protected:
  Watching() {
    EXPECT_TRUE(lab_.rotate("issue"));
    EXPECT_TRUE(lab_.rotate());
  }

  SwapWatcher& start(SwapRules rules = {}) {
    RotationParts rotation = lab_.parts();
    rotation.now = [this] { return now_; };
    watcher_ = std::make_unique<SwapWatcher>(SwapWatcherParts{
        .rotation = std::move(rotation),
        .ask = [this](const CertificateSwap& swap) -> std::optional<SwapNow> {
          ++asked_;
          if (is_silent_) return std::nullopt;
          SwapNow seen = gateway_;
          const auto canary = find_canary(lab_.store, kRotated);
          seen.is_shown = swap.is_canary ? canary && canary->generation == swap.generation
                                         : lab_.state(kRotated).current == swap.generation;
          return seen;
        },
        .rules = rules});
    return *watcher_;
  }

  std::size_t look(std::chrono::seconds at = 1s) { return watcher_->look(MonoTime{at}, {}); }

  // Of 1 by 2.
  void note_swap() { watcher_->note({kRotated, 1, 2}); }

  void try_another() {
    RotationRequest request{kRotated, lab_.want, "rotate", "root"};
    request.canary = CanaryWish{500, lasts_};
    ASSERT_TRUE(rotate_certificate(lab_.parts(), request, {}));
    watcher_->note({kRotated, 2, 3, /*is_canary=*/true});
  }

  [[nodiscard]] std::uint64_t served() const { return lab_.state(kRotated).current; }

  RotationLab lab_;
  base::WallTime now_ = test::kNow;
  SwapNow gateway_;
  std::chrono::seconds lasts_{0};
  bool is_silent_ = false;
  int asked_ = 0;
  std::unique_ptr<SwapWatcher> watcher_;
};

TEST_F(Watching, TakesBackWhatTwentyClientsRefuse) {
  start();
  note_swap();
  gateway_.refusing = 19;
  EXPECT_EQ(look(), 1U);
  EXPECT_EQ(served(), 2U);
  gateway_.refusing = 20;
  EXPECT_EQ(look(2s), 0U);
  EXPECT_EQ(served(), 1U);
  EXPECT_EQ(watcher_->taken_back_by_alerts(), 1U);
  EXPECT_EQ(watcher_->taken_back_by_probe(), 0U);
  EXPECT_THAT(lab_.events(), ElementsAre("issue", "rotate", "refused", "rollback"));
  EXPECT_EQ(lab_.store.history(kRotated).back().by, "watch");
}

TEST_F(Watching, EndsWhenTheTimeIsOver) {
  start();
  note_swap();
  EXPECT_EQ(look(1s), 1U);
  EXPECT_EQ(look(300s), 1U);
  EXPECT_EQ(look(301s), 0U);
  gateway_.refusing = 50;
  EXPECT_EQ(look(302s), 0U);
  EXPECT_EQ(served(), 2U);
}

TEST_F(Watching, TakesNothingBackTwice) {
  start();
  note_swap();
  gateway_.refusing = 20;
  EXPECT_EQ(look(), 0U);
  ASSERT_TRUE(roll_back(lab_.parts(), kRotated, 2, "root"));
  note_swap();
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(served(), 2U);
  EXPECT_EQ(watcher_->taken_back_by_alerts(), 1U);
}

TEST_F(Watching, LeavesAKeyCompromiseAlone) {
  start();
  ASSERT_TRUE(lab_.rotate("key-compromise"));
  watcher_->note({kRotated, 2, 3});
  gateway_.refusing = 50;
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(served(), 3U);
}

TEST_F(Watching, WaitsForWhoeverHasTheLease) {
  start();
  note_swap();
  gateway_.refusing = 20;
  {
    const auto held = lab_.lease(kRotated);
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(served(), 2U);
  }
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(served(), 1U);
}

TEST_F(Watching, FollowsAnotherWhoHasTakenItBack) {
  start();
  note_swap();
  gateway_.refusing = 20;
  ASSERT_TRUE(*take_back(lab_.parts(), {kRotated, 2, 1, "why", "watch"}));
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(watcher_->taken_back_by_alerts(), 0U);
}

TEST_F(Watching, EndsWhenAnotherGenerationIsShown) {
  start();
  note_swap();
  ASSERT_TRUE(lab_.rotate());
  EXPECT_EQ(look(), 0U);
}

TEST_F(Watching, AGatewayThatDoesNotAnswerIsAskedAgain) {
  start();
  note_swap();
  is_silent_ = true;
  EXPECT_EQ(look(1000s), 1U);
  is_silent_ = false;
  gateway_.refusing = 20;
  EXPECT_EQ(look(1001s), 0U);
  EXPECT_EQ(served(), 1U);
}

TEST_F(Watching, IsOffWhereItLastsNoTime) {
  start({.lasts = 0s});
  note_swap();
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(asked_, 0);
}

TEST_F(Watching, ACanaryIsFinishedWhenItsTimeIsOver) {
  start({.lasts = 0s});  // canaries are watched all the same
  lasts_ = 10min;
  try_another();
  EXPECT_EQ(look(), 1U);
  EXPECT_EQ(served(), 2U);
  now_ += 10min;
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(served(), 3U);
  EXPECT_EQ(lab_.store.history(kRotated).back().event, "rotate");
}

TEST_F(Watching, ACanaryWithoutAnEndStays) {
  start();
  try_another();
  now_ += std::chrono::days(3);
  EXPECT_EQ(look(300'000s), 1U);
  EXPECT_EQ(served(), 2U);
  EXPECT_TRUE(find_canary(lab_.store, kRotated));
}

TEST_F(Watching, ACanaryThatAFewRefuseIsGivenUp) {
  start();
  lasts_ = 10min;
  try_another();
  gateway_.refusing = 4;
  EXPECT_EQ(look(), 1U);
  gateway_.refusing = 5;
  EXPECT_EQ(look(), 0U);
  EXPECT_EQ(served(), 2U);
  EXPECT_FALSE(find_canary(lab_.store, kRotated));
  EXPECT_EQ(watcher_->taken_back_by_alerts(), 1U);
  EXPECT_TRUE(was_taken_back(lab_.store.history(kRotated), 3));
}

TEST_F(Watching, ACanarySomeoneEndedIsOver) {
  start();
  try_another();
  ASSERT_TRUE(give_up_canary(lab_.parts(), kRotated, "", "root"));
  EXPECT_EQ(look(), 0U);
}

TEST_F(Watching, ItsThreadSleepsUntilThereIsSomething) {
  start();
  watcher_->start();
  gateway_.refusing = 20;
  note_swap();
  while (watcher_->taken_back_by_alerts() == 0)
    std::this_thread::yield();
  EXPECT_EQ(served(), 1U);
}

}  // namespace
}  // namespace ravelin::certs
