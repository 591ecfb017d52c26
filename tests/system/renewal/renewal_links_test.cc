#include "system/renewal/gateway_answers.h"
#include "system/renewal/gateway_link.h"
#include "system/renewal/renewal_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

namespace ravelin::system {
namespace {

using messages::Flag;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr const char* kStore = "/store";

// Does what is posted, in order, as the gateway's control thread does.
class ControlThread {
 public:
  ControlThread() : thread_([this] { run(); }) {}

  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  ~ControlThread() {
    post({});
    thread_.join();
  }

  void post(std::function<void()> task) {
    {
      const std::lock_guard guard(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

 private:
  // Until it is given nothing.
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return !tasks_.empty(); });
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

// Both ends, with a gateway of the test's own.
class RenewalLinksTest : public ::testing::Test {
 protected:
  RenewalLinksTest() {
    link_.on_swap([this](const certs::CertificateSwap& swap, std::chrono::seconds ago) {
      const std::lock_guard guard(mutex_);
      swaps_.emplace_back(swap, ago);
    });
  }

  void TearDown() override {
    renewal_.stop();
    control_.reset();
  }

  void start() {
    renewal_.start(
        {.post = [this](std::function<void()> task) { control_->post(std::move(task)); },
         .challenge =
             [this](const std::string& token) {
               return token == "up" ? messages::ChallengeState{2, answering_.load()}
                                    : messages::ChallengeState{};
             },
         .swap =
             [](const messages::SwapRef& swap) {
               messages::SwapState state;
               state.is_shown = messages::flag_of(swap.generation == 4);
               state.accepted = 12;
               state.places = {"127.0.0.1:443", "127.0.0.1:444"};
               state.versions = {messages::TlsVersions::both, messages::TlsVersions::only_1_3};
               return state;
             },
         .swaps = [this] { return shown_; }});
  }

  void meet() {
    auto ends = messages::SeqSocket::make_pair();
    ASSERT_TRUE(ends);
    link_.attach(std::move(ends->first));
    renewal_.attach(std::move(ends->second));
  }

  std::vector<std::pair<certs::CertificateSwap, std::chrono::seconds>> swaps() {
    const std::lock_guard guard(mutex_);
    return swaps_;
  }

  // What was said before, either way, has been heard: an answer comes last.
  void hear() { ASSERT_TRUE(link_.ask({"www.example.com", 3, 4})); }

  static messages::SwapNote note(std::uint64_t generation, const char* store = kStore) {
    return {{store, "www.example.com", 3, generation, Flag::no}, 7s};
  }

  std::atomic<std::uint32_t> answering_{2};
  std::vector<messages::SwapNote> shown_;
  std::mutex mutex_;
  std::vector<std::pair<certs::CertificateSwap, std::chrono::seconds>> swaps_;
  GatewayLink link_{kStore};
  RenewalLink renewal_;
  std::unique_ptr<ControlThread> control_ = std::make_unique<ControlThread>();
};

TEST_F(RenewalLinksTest, AChallengeIsUpOnceEveryWorkerAnswersIt) {
  start();
  meet();
  answering_ = 1;
  auto waited =
      std::async(std::launch::async, [this] { return link_.await_challenge({.token = "up"}); });
  EXPECT_EQ(waited.wait_for(100ms), std::future_status::timeout);
  answering_ = 2;
  EXPECT_TRUE(waited.get());
}

TEST_F(RenewalLinksTest, AChallengeWaitsForAGatewayThatIsBeingStarted) {
  auto waited =
      std::async(std::launch::async, [this] { return link_.await_challenge({.token = "up"}); });
  meet();
  EXPECT_EQ(waited.wait_for(100ms), std::future_status::timeout);
  start();
  EXPECT_TRUE(waited.get());
}

TEST_F(RenewalLinksTest, NobodyWaitsForAChallengeAtTheEnd) {
  start();
  meet();
  auto waited = std::async(std::launch::async, [this] {
    return link_.await_challenge({.name = "www.example.com", .token = "not up"});
  });
  EXPECT_EQ(waited.wait_for(50ms), std::future_status::timeout);
  link_.stop();
  const auto done = waited.get();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, ::testing::HasSubstr("www.example.com"));
}

TEST_F(RenewalLinksTest, WhatTheGatewaySeesOfASwapIsHeardWhole) {
  start();
  meet();
  const auto seen = link_.ask({"www.example.com", 3, 4});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->is_shown);
  EXPECT_FALSE(seen->is_by_every_worker);
  EXPECT_EQ(seen->accepted, 12U);
  ASSERT_EQ(seen->places.size(), 2U);
  EXPECT_TRUE(seen->places[0].is_tls_1_2 && seen->places[0].is_tls_1_3);
  EXPECT_FALSE(seen->places[1].is_tls_1_2);
  EXPECT_TRUE(seen->places[1].is_tls_1_3);
  EXPECT_FALSE(link_.ask({"www.example.com", 3, 5})->is_shown);
}

TEST_F(RenewalLinksTest, WithoutAGatewayNothingIsSeen) {
  EXPECT_FALSE(link_.ask({"www.example.com", 3, 4}));
  EXPECT_FALSE(link_.tell({}));
}

TEST_F(RenewalLinksTest, SwapsOfBeforeAreToldToWhoeverComes) {
  shown_ = {note(4), note(9, "/another/store")};
  start();
  meet();
  control_->post([this] { renewal_.note(note(5)); });
  hear();
  ASSERT_EQ(swaps().size(), 2U);
  EXPECT_EQ(swaps()[0].first, (certs::CertificateSwap{"www.example.com", 3, 4}));
  EXPECT_EQ(swaps()[0].second, 7s);
  EXPECT_EQ(swaps()[1].first.generation, 5U);
}

TEST_F(RenewalLinksTest, AReportIsShownOnceItIsWhole) {
  start();
  meet();
  RenewalReport report;
  report.renewals.push_back({.name = "www.example.com", .at = 100s, .why = "soon"});
  report.limits.push_back({.issuer = "le", .limit = "account", .left = 3, .most = 10});
  report.end = {.by_probe = 1, .by_alerts = 2};
  EXPECT_THAT(renewal_.report().renewals, IsEmpty());
  ASSERT_TRUE(link_.tell(report));
  hear();
  EXPECT_EQ(renewal_.report(), report);
  report.renewals.clear();
  ASSERT_TRUE(link_.tell(report));
  hear();
  EXPECT_EQ(renewal_.report(), report);
}

TEST_F(RenewalLinksTest, CountsGoOnWhenAnotherProcessRenews) {
  start();
  meet();
  ASSERT_TRUE(link_.tell({.end = {.by_probe = 2, .by_alerts = 1}}));
  hear();
  EXPECT_EQ(renewal_.report().end.by_probe, 2U);
  meet();
  ASSERT_TRUE(link_.tell({.end = {.by_probe = 1, .by_alerts = 0}}));
  hear();
  EXPECT_EQ(renewal_.report().end.by_probe, 3U);
  EXPECT_EQ(renewal_.report().end.by_alerts, 1U);
}

TEST(Outlook, HasTheNextFewAndTheLastFailure) {
  RenewalReport report;
  constexpr int kMany = 20;
  for (int i = 0; i < kMany; ++i)
    report.renewals.push_back({.name = std::to_string(i),
                               .at = std::chrono::seconds(i),
                               .failures = i == 15 || i == 12 ? 1U : 0U,
                               .failed = std::chrono::seconds(i == 12 ? 900 : 800),
                               .error = "no"});
  const gateway::RenewalOutlook outlook = outlook_of(report);
  EXPECT_EQ(outlook.next.size(), gateway::RenewalOutlook::kNextMax);
  EXPECT_EQ(outlook.next.front().name, "0");
  ASSERT_TRUE(outlook.last_failure);
  EXPECT_EQ(outlook.last_failure->name, "12");
  EXPECT_FALSE(outlook_of({}).last_failure);
}

}  // namespace
}  // namespace ravelin::system
