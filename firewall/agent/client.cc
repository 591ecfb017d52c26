#include "firewall/agent/client.h"

#include "messages/channel/seq_socket.h"

#include <array>

namespace ravelin::firewall {

using base::Errc;

Result<Answer> ask_agent(const std::string& path, const std::string& command,
                         const std::string& question, std::chrono::seconds patience) {
  auto agent = messages::SeqSocket::connect(path);
  if (!agent) return agent.error();
  const auto body = messages::memory_file(question);
  if (!body) return body.error();
  messages::Packet packet{.id = 1, .message = messages::FirewallQuestion{command}};
  if (auto sent = agent->send(packet, std::array{body->get()}); !sent) return sent.error();
  auto received = agent->receive(patience);
  if (!received) return base::wrap(received.error(), "the firewall's agent");
  if (!*received)
    return base::fail(Errc::timeout, "the firewall's agent at {} did not answer within {} s", path,
                      patience.count());
  const auto* answer = std::get_if<messages::FirewallAnswer>(&(*received)->packet.message);
  if (answer == nullptr ||
      (answer->outcome == messages::Outcome::done && (*received)->descriptors.empty()))
    return base::fail(Errc::protocol, "the firewall's agent answered something else");
  if ((*received)->descriptors.empty())
    return base::fail(Errc::denied, "the firewall's agent refused: {}", answer->text);
  const auto text =
      messages::read_memory_file((*received)->descriptors.front().get(), kBundleBytesMax);
  if (!text) return text.error();
  return parse_answer(*text);
}

}  // namespace ravelin::firewall
