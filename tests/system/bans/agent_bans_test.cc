// Against an agent in this process: real sockets, answers of the test's choice.
#include "system/bans/agent_bans.h"

#include "messages/channel/seq_socket.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <condition_variable>
#include <filesystem>
#include <optional>

namespace ravelin::system {
namespace {

using namespace std::chrono_literals;
using messages::BanFate;
using messages::BanRequest;
using messages::Outcome;
using messages::SeqListener;
using messages::SeqSocket;

constexpr std::chrono::seconds kPatience = 30s;

BanRequest ban_request(std::string_view target) {
  return {.target = *base::parse_prefix(target), .duration = 60s, .reason = "honeypot"};
}

// What the channel said became of bans.
class Fates {
 public:
  void add(const BanRequest& request, BanFate fate, const std::string& text) {
    const std::lock_guard lock(mutex_);
    all_.push_back({request, fate, text});
    changed_.notify_all();
  }

  struct Fate {
    BanRequest request;
    BanFate fate;
    std::string text;
  };

  std::vector<Fate> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Fate> all_;
};

class AgentBansTest : public testing::Test {
 protected:
  AgentBansTest()
      : path_(testing::TempDir() + "agent_bans_" + std::to_string(::getpid()) + ".sock"),
        bans_(
            {.socket = path_, .retry_first = 1ms, .retry_max = 5ms, .limits = {.waiting_max = 4}}) {
    bans_.on_settled([this](const BanRequest& request, BanFate fate, const std::string& text) {
      fates_.add(request, fate, text);
    });
  }

  void listen() { listener_.emplace(*SeqListener::open(path_, 0600)); }

  SeqSocket accept() {
    pollfd waiting{listener_->fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())),
              1);
    auto socket = listener_->accept();
    return std::move(**socket);
  }

  static std::pair<std::uint32_t, BanRequest> receive(SeqSocket& socket) {
    auto received = socket.receive(kPatience);
    EXPECT_TRUE(received && *received);
    return {(*received)->packet.id, std::get<BanRequest>((*received)->packet.message)};
  }

  static void answer(SeqSocket& socket, std::uint32_t id, Outcome outcome, std::string text = "") {
    EXPECT_TRUE(socket.send({.id = id, .message = messages::BanResult{outcome, std::move(text)}}));
  }

  std::string path_;
  Fates fates_;
  AgentBans bans_;
  std::optional<SeqListener> listener_;
};

TEST_F(AgentBansTest, TakesBansToTheAgentAndTellsWhatBecameOfThem) {
  listen();
  bans_.start();
  SeqSocket agent = accept();
  bans_.ban(ban_request("192.0.2.1"));
  auto [id, asked] = receive(agent);
  EXPECT_EQ(asked, ban_request("192.0.2.1"));
  answer(agent, id, Outcome::done);
  EXPECT_EQ(fates_.wait_for(1).at(0).fate, BanFate::made);
  bans_.ban(ban_request("192.0.2.2"));
  answer(agent, receive(agent).first, Outcome::refused, "192.0.2.2 is never banned");
  const Fates::Fate refused = fates_.wait_for(2).at(1);
  EXPECT_EQ(refused.fate, BanFate::refused);
  EXPECT_EQ(refused.text, "192.0.2.2 is never banned");
  bans_.ban(ban_request("192.0.2.3"));
  answer(agent, receive(agent).first, Outcome::failed, "there is no table");
  EXPECT_EQ(fates_.wait_for(3).at(2).fate, BanFate::failed);
  const messages::BanChannelStatus status = bans_.status();
  EXPECT_TRUE(status.is_connected);
  EXPECT_EQ(status.made, 1U);
  EXPECT_EQ(status.refused, 1U);
  EXPECT_EQ(status.failed, 1U);
  EXPECT_EQ(status.waiting, 0U);
}

TEST_F(AgentBansTest, WithoutAnAgentBansWaitABoundedNumberAndTheNewestAreDropped) {
  for (int i = 1; i <= 6; ++i)
    bans_.ban(ban_request("192.0.2." + std::to_string(i)));
  EXPECT_EQ(bans_.status().waiting, 4U);
  EXPECT_EQ(bans_.status().dropped, 2U);
  const auto fates = fates_.wait_for(2);
  ASSERT_EQ(fates.size(), 2U);
  EXPECT_EQ(fates[0].fate, BanFate::dropped);
  EXPECT_EQ(fates[0].request.target, *base::parse_prefix("192.0.2.5"));
  bans_.start();  // tries, again and again
  listen();
  SeqSocket agent = accept();
  for (int i = 1; i <= 4; ++i)
    EXPECT_EQ(receive(agent).second, ban_request("192.0.2." + std::to_string(i)));
}

TEST_F(AgentBansTest, AnAgentThatComesBackIsToldAll) {
  listen();
  bans_.start();
  {
    SeqSocket agent = accept();
    bans_.ban(ban_request("192.0.2.1"));
    bans_.ban(ban_request("192.0.2.2"));
    answer(agent, receive(agent).first, Outcome::done);
    fates_.wait_for(1);
  }  // it dies with the second unanswered
  SeqSocket agent = accept();
  EXPECT_EQ(receive(agent).second.target, *base::parse_prefix("192.0.2.2"));
  EXPECT_EQ(receive(agent).second.target, *base::parse_prefix("192.0.2.1"));
  EXPECT_EQ(bans_.status().reconnects, 1U);
}

TEST_F(AgentBansTest, APeerThatSpeaksSomethingElseIsLeft) {
  listen();
  bans_.start();
  SeqSocket agent = accept();
  EXPECT_TRUE(agent.send({.id = 1, .message = messages::FirewallAnswer{}}));
  SeqSocket next = accept();
  bans_.ban(ban_request("192.0.2.1"));
  EXPECT_EQ(receive(next).second, ban_request("192.0.2.1"));
}

TEST_F(AgentBansTest, StopsWhetherItWasStartedOrNot) {
  bans_.stop();
  bans_.start();
  bans_.stop();
  bans_.ban(ban_request("192.0.2.1"));
  EXPECT_EQ(bans_.status().waiting, 1U);
}

// ---- servers that the gateway is kept from ----

std::vector<std::string> receive_quarantine(SeqSocket& socket, Outcome outcome) {
  auto received = socket.receive(kPatience);
  EXPECT_TRUE(received && *received);
  std::vector<std::string> servers;
  for (const base::Endpoint& server :
       std::get<messages::Quarantine>((*received)->packet.message).servers)
    servers.push_back(base::to_string(server));
  EXPECT_TRUE(socket.send(
      {.id = (*received)->packet.id, .message = messages::Finished{outcome, "for a reason"}}));
  return servers;
}

TEST_F(AgentBansTest, ServersAreToldToEachAgentAndCountedOnceItHasDoneIt) {
  using Servers = std::vector<std::string>;
  const auto first = std::get<base::IpEndpoint>(*base::parse_endpoint("10.0.0.5:8080"));
  const auto second = std::get<base::IpEndpoint>(*base::parse_endpoint("10.0.0.6:8080"));
  listen();
  bans_.start();
  {
    SeqSocket agent = accept();
    bans_.quarantine({first});
    EXPECT_EQ(receive_quarantine(agent, Outcome::done), Servers{"10.0.0.5:8080"});
    bans_.quarantine({first, second});
    EXPECT_EQ(receive_quarantine(agent, Outcome::failed),
              (Servers{"10.0.0.5:8080", "10.0.0.6:8080"}));
    // An answer to a ban comes behind those.
    bans_.ban(ban_request("192.0.2.1/32"));
    answer(agent, receive(agent).first, Outcome::done);
    ASSERT_EQ(fates_.wait_for(1).size(), 1U);
    EXPECT_EQ(bans_.status().quarantined, 0U);  // it was refused
  }
  SeqSocket next = accept();
  // It is told the ban that is in force, and all servers.
  answer(next, receive(next).first, Outcome::done);
  EXPECT_EQ(receive_quarantine(next, Outcome::done), (Servers{"10.0.0.5:8080", "10.0.0.6:8080"}));
  bans_.ban(ban_request("192.0.2.2/32"));
  answer(next, receive(next).first, Outcome::done);
  ASSERT_EQ(fates_.wait_for(2).size(), 2U);
  EXPECT_EQ(bans_.status().quarantined, 2U);
}

TEST_F(AgentBansTest, AnOverloadIsToldWhenItBeginsAndWhenItEnds) {
  const auto receive_overload = [](SeqSocket& agent) {
    auto received = agent.receive(kPatience);
    EXPECT_TRUE(received && *received);
    EXPECT_TRUE(agent.send({.id = (*received)->packet.id, .message = messages::Finished{}}));
    return std::get<messages::Overload>((*received)->packet.message).duration;
  };
  listen();
  bans_.start();
  SeqSocket agent = accept();
  bans_.overloaded(false);
  EXPECT_EQ(receive_overload(agent), 0s);
  bans_.overloaded(true);
  bans_.overloaded(true);
  EXPECT_EQ(receive_overload(agent), kOrderLasts);
  bans_.ban(ban_request("192.0.2.1/32"));  // its answer comes behind
  answer(agent, receive(agent).first, Outcome::done);
  ASSERT_EQ(fates_.wait_for(1).size(), 1U);
  EXPECT_TRUE(bans_.status().is_tightened);
  bans_.overloaded(false);
  EXPECT_EQ(receive_overload(agent), 0s);
  bans_.ban(ban_request("192.0.2.2/32"));
  answer(agent, receive(agent).first, Outcome::done);
  ASSERT_EQ(fates_.wait_for(2).size(), 2U);
  EXPECT_FALSE(bans_.status().is_tightened);
}

}  // namespace
}  // namespace ravelin::system
