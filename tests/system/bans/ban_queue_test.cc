#include "system/bans/ban_queue.h"

#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;
using messages::BanRequest;
using messages::Outcome;

constexpr MonoTime kStart{1000s};

BanRequest request(std::string_view target, std::chrono::seconds duration = 60s,
                   std::string_view id = "") {
  return {.target = *base::parse_prefix(target),
          .duration = duration,
          .reason = "honeypot",
          .request_id = std::string(id)};
}

// Sends all that may be sent; the ids by target.
std::vector<BanQueue::Sending> send_all(BanQueue& queue, MonoTime now) {
  std::vector<BanQueue::Sending> sent;
  std::vector<BanRequest> late;
  while (auto sending = queue.next(now, late))
    sent.push_back(std::move(*sending));
  EXPECT_TRUE(late.empty());
  return sent;
}

TEST(BanQueue, SendsInOrderAndSettlesByAnswer) {
  BanQueue queue;
  EXPECT_EQ(queue.push(request("192.0.2.1"), kStart), BanQueue::Push::taken);
  EXPECT_EQ(queue.push(request("192.0.2.2"), kStart), BanQueue::Push::taken);
  const auto sent = send_all(queue, kStart);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].request, request("192.0.2.1"));
  EXPECT_NE(sent[0].id, 0U);
  EXPECT_EQ(queue.waiting(), 2U);
  const auto settled = queue.settle(sent[1].id, Outcome::done, kStart + 3ms);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->request, request("192.0.2.2"));
  EXPECT_EQ(settled->waited, 3ms);
  EXPECT_FALSE(queue.settle(sent[1].id, Outcome::done, kStart)) << "once";
  EXPECT_FALSE(queue.settle(999, Outcome::done, kStart)) << "nobody asked";
  EXPECT_EQ(queue.waiting(), 1U);
}

TEST(BanQueue, MergesWhatWaitsForOneTargetAndKeepsWhatEndsLater) {
  BanQueue queue;
  queue.push(request("192.0.2.1", 60s, "first"), kStart);
  EXPECT_EQ(queue.push(request("192.0.2.1", 30s, "second"), kStart), BanQueue::Push::merged);
  EXPECT_EQ(queue.push(request("192.0.2.1", 90s, "third"), kStart), BanQueue::Push::merged);
  const auto sent = send_all(queue, kStart);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].request.request_id, "third");
}

TEST(BanQueue, IsBoundedAndShedsTheNewest) {
  BanQueue queue({.waiting_max = 2});
  queue.push(request("192.0.2.1"), kStart);
  queue.push(request("192.0.2.2"), kStart);
  EXPECT_EQ(queue.push(request("192.0.2.3"), kStart), BanQueue::Push::full);
  EXPECT_EQ(queue.push(request("192.0.2.2", 90s), kStart), BanQueue::Push::merged);
  EXPECT_EQ(send_all(queue, kStart).size(), 2U);
}

TEST(BanQueue, LeavesNoMoreUnansweredThanASocketHolds) {
  BanQueue queue({.flying_max = 2});
  for (const char* target : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    queue.push(request(target), kStart);
  const auto sent = send_all(queue, kStart);
  EXPECT_EQ(sent.size(), 2U);
  queue.settle(sent[0].id, Outcome::done, kStart);
  EXPECT_EQ(send_all(queue, kStart).size(), 1U);
}

TEST(BanQueue, WaitingMakesNoBanLonger) {
  BanQueue queue;
  queue.push(request("192.0.2.1", 60s), kStart);
  queue.push(request("192.0.2.2", 10s), kStart);
  std::vector<BanRequest> late;
  const auto sending = queue.next(kStart + 20s, late);
  ASSERT_TRUE(sending);
  EXPECT_EQ(sending->request.duration, 40s);
  EXPECT_FALSE(queue.next(kStart + 20s, late));
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(late[0].target, *base::parse_prefix("192.0.2.2"));
}

TEST(BanQueue, AnotherAgentIsToldWhatIsUnansweredAndWhatIsInForce) {
  BanQueue queue;
  queue.push(request("192.0.2.1", 60s), kStart);
  queue.push(request("192.0.2.2", 10s), kStart);
  queue.push(request("192.0.2.3", 60s), kStart);
  auto sent = send_all(queue, kStart);
  queue.settle(sent[0].id, Outcome::done, kStart);     // in force for a minute
  queue.settle(sent[1].id, Outcome::done, kStart);     // over by then
  queue.push(request("192.0.2.4", 60s), kStart + 1s);  // came while nobody was there
  queue.begin_anew(kStart + 20s);
  sent = send_all(queue, kStart + 20s);
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].request.target, *base::parse_prefix("192.0.2.3")) << "was not answered";
  EXPECT_EQ(sent[1].request.target, *base::parse_prefix("192.0.2.4"));
  EXPECT_EQ(sent[2].request.target, *base::parse_prefix("192.0.2.1"));
  EXPECT_EQ(sent[2].request.duration, 40s) << "as long as is left of it";
  EXPECT_TRUE(queue.settle(sent[0].id, Outcome::done, kStart + 20s));
  EXPECT_FALSE(queue.settle(sent[2].id, Outcome::done, kStart + 20s)) << "that was known";
}

TEST(BanQueue, WhatWasRefusedIsNotToldAgain) {
  BanQueue queue;
  queue.push(request("192.0.2.1"), kStart);
  const auto sent = send_all(queue, kStart);
  EXPECT_TRUE(queue.settle(sent[0].id, Outcome::refused, kStart));
  queue.begin_anew(kStart + 1s);
  EXPECT_TRUE(send_all(queue, kStart + 1s).empty());
}

TEST(BanQueue, TheForgivenAreNotToldAgain) {
  BanQueue queue;
  queue.push(request("192.0.2.1"), kStart);
  const auto sent = send_all(queue, kStart);
  queue.settle(sent[0].id, Outcome::done, kStart);
  queue.push(request("192.0.2.2"), kStart);
  queue.forget(*base::parse_prefix("192.0.2.1"));
  queue.forget(*base::parse_prefix("192.0.2.2"));
  queue.forget(*base::parse_prefix("192.0.2.3"));
  queue.begin_anew(kStart + 1s);
  EXPECT_TRUE(send_all(queue, kStart + 1s).empty());
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(BanQueue, RemembersABoundedNumberOfThoseInForce) {
  BanQueue queue({.known_max = 2});
  for (const char* target : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    queue.push(request(target), kStart);
  for (const auto& sending : send_all(queue, kStart))
    queue.settle(sending.id, Outcome::done, kStart);
  queue.begin_anew(kStart);
  EXPECT_EQ(send_all(queue, kStart).size(), 2U);
}

}  // namespace
}  // namespace ravelin::system
