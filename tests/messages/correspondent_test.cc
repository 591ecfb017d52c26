#include "messages/channel/correspondent.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace ravelin::messages {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;

// One end asks; the test is the other one.
class CorrespondentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ends = SeqSocket::make_pair();
    ASSERT_TRUE(ends);
    far_ = std::make_unique<SeqSocket>(std::move(ends->second));
    near_ = std::make_unique<Correspondent>(std::move(ends->first), Correspondent::Side::asks,
                                            [this](Packet packet) {
                                              const std::lock_guard guard(mutex_);
                                              told_.push_back(std::move(packet));
                                              arrived_.notify_all();
                                            });
  }

  Packet next() {
    auto received = far_->receive(kPatience);
    EXPECT_TRUE(received && *received);
    return received && *received ? (*received)->packet : Packet{};
  }

  std::size_t wait_for_told(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, kPatience, [&] { return told_.size() >= count; });
    return told_.size();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Packet> told_;
  std::unique_ptr<SeqSocket> far_;
  std::unique_ptr<Correspondent> near_;
};

TEST_F(CorrespondentTest, GivesEachWhoAsksTheAnswerToTheirQuestion) {
  auto first = std::async(std::launch::async,
                          [this] { return near_->ask(ChallengeQuestion{"first"}, kPatience); });
  const Packet one = next();
  auto second = std::async(std::launch::async,
                           [this] { return near_->ask(ChallengeQuestion{"second"}, kPatience); });
  const Packet two = next();
  EXPECT_NE(one.id, two.id);
  ASSERT_TRUE(far_->send({.id = two.id, .message = ChallengeState{2, 2}}));
  ASSERT_TRUE(far_->send({.id = one.id, .message = ChallengeState{1, 1}}));
  EXPECT_EQ(*first.get(), Message(ChallengeState{1, 1}));
  EXPECT_EQ(*second.get(), Message(ChallengeState{2, 2}));
}

TEST_F(CorrespondentTest, IsToldWhatItDidNotAskFor) {
  ASSERT_TRUE(far_->send({.message = RenewalsTold{1, 2}}));
  ASSERT_EQ(wait_for_told(1), 1U);
  EXPECT_EQ(told_.front().message, Message(RenewalsTold{1, 2}));
}

TEST_F(CorrespondentTest, ALateAnswerIsNobodys) {
  const auto answer = near_->ask(ChallengeQuestion{"slow"}, 10ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Errc::timeout);
  ASSERT_TRUE(far_->send({.id = next().id, .message = ChallengeState{1, 1}}));
  ASSERT_TRUE(far_->send({.message = RenewalsTold{}}));
  EXPECT_EQ(wait_for_told(1), 1U);
}

TEST_F(CorrespondentTest, WhoeverWaitsHearsThatTheOtherSideIsGone) {
  auto asked = std::async(std::launch::async,
                          [this] { return near_->ask(ChallengeQuestion{"gone"}, kPatience); });
  static_cast<void>(next());
  far_.reset();
  const auto answer = asked.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Errc::unavailable);
  EXPECT_TRUE(near_->is_closed());
  EXPECT_FALSE(near_->ask(ChallengeQuestion{"again"}, kPatience));
}

TEST_F(CorrespondentTest, WhatIsNoMessageEndsIt) {
  ASSERT_EQ(::write(far_->fd(), "no message", 10), 10);
  const auto answer = near_->ask(ChallengeQuestion{"tok"}, kPatience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Errc::unavailable);
  EXPECT_TRUE(near_->is_closed());
}

TEST_F(CorrespondentTest, ASideThatDoesNotReadIsNotWaitedForLongerThanAsked) {
  const Packet packet{.message = Health{.text = std::string(kTextBytes.count, 'x')}};
  constexpr int kMoreThanFits = 100'000;
  int sent = 0;
  while (sent < kMoreThanFits && near_->tell(packet))
    ++sent;
  EXPECT_LT(sent, kMoreThanFits);
  const auto waited = near_->tell(packet, 20ms);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, base::Errc::unavailable);
  auto more = std::async(std::launch::async, [&] { return near_->tell(packet, kPatience); });
  for (int i = 0; i < sent; ++i)
    static_cast<void>(next());
  EXPECT_TRUE(more.get());
}

TEST(Correspondent, TheSideThatAnswersHearsQuestions) {
  auto ends = SeqSocket::make_pair();
  ASSERT_TRUE(ends);
  std::promise<Packet> heard;
  const Correspondent answers(std::move(ends->first), Correspondent::Side::answers,
                              [&](Packet packet) { heard.set_value(std::move(packet)); });
  Correspondent asks(std::move(ends->second), Correspondent::Side::asks, [](const Packet&) {});
  EXPECT_FALSE(asks.ask(ChallengeQuestion{"tok"}, 1ms));
  const Packet question = heard.get_future().get();
  EXPECT_EQ(question.message, Message(ChallengeQuestion{"tok"}));
  EXPECT_NE(question.id, 0U);
}

}  // namespace
}  // namespace ravelin::messages
