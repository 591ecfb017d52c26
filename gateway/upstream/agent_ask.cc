#include "gateway/upstream/agent_ask.h"

#include "gateway/upstream/check_connect.h"

#include <array>

namespace ravelin::gateway {

using base::Errc;
using base::fail;
using base::MonoTime;
using base::Result;
using base::Task;

namespace {

Task<Result<AgentReply>> read_reply(Stream& stream, MonoTime deadline) {
  std::array<char, kAgentReplyMax> line;
  std::size_t size = 0;
  for (;;) {
    const IoResult got = stream.read(std::span(line).subspan(size));
    if (got.status == IoStatus::error) co_return fail(Errc::io, "the connection broke");
    size += got.bytes;
    const std::string_view text(line.data(), size);
    const std::size_t end = text.find_first_of("\r\n");
    if (end != std::string_view::npos) co_return parse_agent_reply(text.substr(0, end));
    if (got.status == IoStatus::closed) co_return parse_agent_reply(text);
    if (size == line.size())
      co_return fail(Errc::invalid, "the answer is longer than {} bytes", kAgentReplyMax);
    if (got.status == IoStatus::ok) continue;
    const Wake flushed = co_await stream.flush(deadline);
    if (flushed != Wake::ready) co_return fail(Errc::timeout, "no answer in time");
    const Wake wake = co_await stream.socket().readable(deadline);
    if (wake != Wake::ready) co_return fail(Errc::timeout, "no answer in time");
  }
}

}  // namespace

std::shared_ptr<const AddressList> agent_addresses(const AddressList& server, std::uint16_t port) {
  auto agent = std::make_shared<AddressList>();
  for (const SocketAddress& address : server) {
    if (address.family() == AF_UNIX) continue;
    base::IpEndpoint endpoint = to_endpoint(address);
    endpoint.port = port;
    agent->push_back(to_socket_address(endpoint));
  }
  return agent;
}

Task<Result<AgentReply>> ask_agent(AgentTarget target, Reactor& reactor, BufferPool& buffers) {
  const MonoTime deadline = reactor.refresh_now() + target.timeout;
  CheckResult none;
  const auto stream =
      co_await connect_for_check(target.addresses, deadline, reactor, buffers, none);
  if (stream == nullptr) co_return fail(Errc::unavailable, "{}", none.detail);
  if (!target.send.empty()) stream->write(target.send);
  Result<AgentReply> reply = co_await read_reply(*stream, deadline);
  co_return reply;
}

}  // namespace ravelin::gateway
