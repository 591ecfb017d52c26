#include "gateway/upstream/check_connect.h"

#include "gateway/net/connect.h"

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using base::Task;

namespace {

// The TCP (or Unix) connection; null with `result` set when there is none by `deadline`.
Task<std::unique_ptr<Stream>> connect_one(const SocketAddress& to, MonoTime deadline,
                                          Reactor& reactor, BufferPool& buffers,
                                          CheckResult& result) {
  auto fd = start_connect(to, ConnectAs::let_through);
  if (!fd) {
    result = {false, fd.error().message, fd.error().code == base::Errc::unavailable};
    co_return nullptr;
  }
  const Duration patience = deadline - reactor.now();
  auto stream = std::make_unique<Stream>(reactor, buffers, fd->release());
  const int error = co_await wait_connected(stream->socket(), to, deadline);
  if (error == ETIMEDOUT) {
    const auto ms = std::chrono::round<std::chrono::milliseconds>(patience).count();
    result = {false, fmt::format("no connection within {} ms", ms)};
    co_return nullptr;
  }
  if (error != 0) {
    result = {false, base::fail_errno(error, "connecting").message};
    co_return nullptr;
  }
  co_return stream;
}

}  // namespace

Task<std::unique_ptr<Stream>> connect_for_check(std::shared_ptr<const AddressList> addresses,
                                                MonoTime deadline, Reactor& reactor,
                                                BufferPool& buffers, CheckResult& result) {
  std::unique_ptr<Stream> stream;
  for (std::size_t i = 0; i < addresses->size() && stream == nullptr; ++i) {
    const MonoTime now = reactor.refresh_now();
    const auto parts = static_cast<Duration::rep>(addresses->size() - i);
    const MonoTime until = now + (deadline - now) / parts;
    stream = co_await connect_one((*addresses)[i], until, reactor, buffers, result);
  }
  co_return stream;
}

}  // namespace ravelin::gateway
