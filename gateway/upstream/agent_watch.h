// AgentWatch: asks the agent beside one server again and again, and hands on what it says. The
// control thread.
#pragma once

#include "gateway/upstream/agent_ask.h"

#include <functional>
#include <memory>
#include <optional>

namespace ravelin::gateway {

class AgentWatch {
 public:
  using Said = std::function<void(const base::Result<AgentReply>&)>;

  struct Setup {
    AgentConfig config;
    std::uint16_t port = 0;
    std::uint64_t seed = 0;  // spreads the questions to different servers
  };

  // `said` is called from the reactor, never from here; destroying this ends it.
  AgentWatch(Reactor& reactor, BufferPool& buffers, std::shared_ptr<Server> server, Setup setup,
             Said said);
  AgentWatch(const AgentWatch&) = delete;
  AgentWatch& operator=(const AgentWatch&) = delete;
  ~AgentWatch() = default;  // a question under way ends here: its connection is closed

  [[nodiscard]] bool is_set_up(const AgentConfig& config, std::uint16_t port) const;

 private:
  base::Task<void> ask_for_ever();

  Reactor& reactor_;
  BufferPool& buffers_;
  std::shared_ptr<Server> server_;
  Setup setup_;
  Said said_;
  std::optional<base::Task<void>> questions_;  // last: it uses the rest
};

}  // namespace ravelin::gateway
