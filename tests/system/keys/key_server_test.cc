// The key process's end of connections, and its loop.
#include "system/keys/key_server.h"

#include "system/keys/serve_keys.h"
#include "tests/system/keys/key_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace ravelin::system::test {
namespace {

using messages::KeyCounts;
using messages::Outcome;
using messages::Packet;
using messages::SeqSocket;
using messages::SignResult;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Server : testing::Test {
  KeyLab lab;
  certs::PairPtr pair = ravelin::test::issue({"www.test"});
  KeyFile file = lab.add("www", pair);
  messages::SignRequest request = request_13(configured(file, pair), 0x0403);
};

SignResult answer_to(SeqSocket& line, std::uint32_t id) {
  const auto received = line.receive(seconds(30));
  EXPECT_TRUE(received && *received);
  if (!received || !*received) return {};
  EXPECT_EQ((*received)->packet.id, id);
  return std::get<SignResult>((*received)->packet.message);
}

TEST_F(Server, AnswersEachConnectionItsOwn) {
  KeyProcess process(lab.list);
  SeqSocket one(process.connect());
  SeqSocket other(process.connect());
  messages::SignRequest unlisted = request;
  unlisted.key.name = "unlisted";
  ASSERT_TRUE(one.send({.id = 7, .message = request}));
  ASSERT_TRUE(other.send({.id = 7, .message = unlisted}));
  EXPECT_EQ(answer_to(one, 7).outcome, Outcome::done);
  EXPECT_EQ(answer_to(other, 7).outcome, Outcome::refused);
}

TEST_F(Server, ClosesAConnectionThatSaysWhatNobodySays) {
  KeyProcess process(lab.list);
  SeqSocket good(process.connect());
  SeqSocket bad(process.connect());
  ASSERT_TRUE(bad.send({.id = 1, .message = messages::Hello{}}));
  EXPECT_EQ(bad.receive(seconds(30)).error().code, base::Errc::unavailable);
  SeqSocket garbage(process.connect());
  ASSERT_EQ(::write(garbage.fd(), "garbage", 7), 7);
  EXPECT_EQ(garbage.receive(seconds(30)).error().code, base::Errc::unavailable);
  ASSERT_TRUE(good.send({.id = 2, .message = request}));
  EXPECT_EQ(answer_to(good, 2).outcome, Outcome::done);
}

TEST_F(Server, OneThatAsksMuchDoesNotKeepOthersWaiting) {
  KeyProcess process(lab.list);
  SeqSocket greedy(process.connect());
  SeqSocket modest(process.connect());
  std::uint32_t asked = 0;
  while (asked < 150 && greedy.send({.id = asked + 1, .message = request}))
    ++asked;
  ASSERT_TRUE(modest.send({.id = 1, .message = request}));
  EXPECT_EQ(answer_to(modest, 1).outcome, Outcome::done);
  std::set<std::uint32_t> answered;
  for (std::uint32_t i = 0; i < asked; ++i) {
    const auto received = greedy.receive(seconds(30));
    ASSERT_TRUE(received && *received);
    answered.insert((*received)->packet.id);
  }
  EXPECT_EQ(answered.size(), asked);
}

TEST_F(Server, TheLoopTakesConnectionsAndEndsWithItsSupervisor) {
  auto control = SeqSocket::make_pair();
  auto line = SeqSocket::make_pair();
  ASSERT_TRUE(control && line);
  std::optional<base::Result<>> ended;
  std::thread role(
      [&] { ended = run_keys(std::move(control->second), {.gateway = lab.list, .threads = 1}); });
  const int handed = line->second.fd();
  ASSERT_TRUE(control->first.send(
      {.message = messages::Hello{.role = messages::Role::gateway, .version = "1"}},
      std::span(&handed, 1)));
  ASSERT_TRUE(line->first.send({.id = 3, .message = request}));
  EXPECT_EQ(answer_to(line->first, 3).outcome, Outcome::done);
  ASSERT_TRUE(control->first.send({.id = 4, .message = KeyCounts{}}));
  const auto counts = control->first.receive(seconds(30));
  ASSERT_TRUE(counts && *counts);
  EXPECT_EQ(std::get<KeyCounts>((*counts)->packet.message).signatures, 1U);
  { const SeqSocket closed = std::move(control->first); }
  role.join();
  EXPECT_TRUE(ended->has_value());
}

}  // namespace
}  // namespace ravelin::system::test
