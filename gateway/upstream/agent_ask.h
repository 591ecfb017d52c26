// One question to the agent beside a server: a connection of its own, one line back, always with a
// deadline. The control thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/buffer.h"
#include "gateway/net/reactor.h"
#include "gateway/upstream/agent_reply.h"
#include "gateway/upstream/server.h"

#include <memory>

namespace ravelin::gateway {

struct AgentTarget {
  std::shared_ptr<const AddressList> addresses;  // the agent's; tried in order, not empty
  std::string send;
  base::Duration timeout{0};
};

// The server's TCP addresses with the agent's port.
std::shared_ptr<const AddressList> agent_addresses(const AddressList& server, std::uint16_t port);

// Error: no connection, no whole line in time or within kAgentReplyMax bytes, or one that says
// nothing known. The end of the connection ends a line too. Destroying the task closes it.
base::Task<base::Result<AgentReply>> ask_agent(AgentTarget target, Reactor& reactor,
                                               BufferPool& buffers);

}  // namespace ravelin::gateway
