// AgentBans: takes bans from the gateway's workers, the servers it is to be kept from, and whether
// it is overloaded, to the firewall's agent, on a thread of its own. Workers never wait for it.
// While no agent is there, bans wait, as many as BanQueueLimits says; one that is started again is
// told all that are in force.
#pragma once

#include "messages/ban_channel.h"
#include "system/bans/ban_queue.h"
#include "system/bans/standing_order.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace ravelin::system {

class AgentBans final : public messages::BanChannel {
 public:
  struct Options {
    std::string socket;
    // Until the next try to connect; doubles with each that fails.
    std::chrono::milliseconds retry_first{50};
    std::chrono::milliseconds retry_max{2'000};
    BanQueueLimits limits;
  };

  explicit AgentBans(Options options);
  AgentBans(const AgentBans&) = delete;
  AgentBans& operator=(const AgentBans&) = delete;
  ~AgentBans() override;  // stops

  // The thread begins, as the user the process is then: the agent looks at that.
  void start();
  // What waits is sent if an agent is connected; nothing is settled afterwards.
  void stop();

  void ban(const messages::BanRequest& request) override;
  void forget(const base::IpPrefix& target) override;

  void quarantine(std::vector<base::IpEndpoint> servers) override;
  void overloaded(bool is_overloaded) override;
  void withdraw_orders() override;

  void on_settled(Settled settled) override { settled_ = std::move(settled); }

  [[nodiscard]] messages::BanChannelStatus status() const override;

 private:
  class Loop;

  void wake();
  void settle(const messages::BanRequest& request, messages::BanFate fate, const std::string& text);

  Options options_;
  Settled settled_;
  int wake_fd_ = -1;
  mutable std::mutex mutex_;  // held for a few moves and look-ups
  BanQueue queue_;            // under mutex_
  // Under mutex_: sorted servers; whether the gateway is overloaded.
  StandingOrder<std::vector<base::IpEndpoint>> quarantine_;
  StandingOrder<bool> overload_;
  messages::BanChannelStatus status_;  // under mutex_
  bool is_stopping_ = false;           // under mutex_
  std::thread thread_;
};

}  // namespace ravelin::system
