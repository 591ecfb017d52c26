#include "gateway/net/read_proxy_header.h"

namespace ravelin::gateway {

using End = ProxyHeaderRead::End;

base::Task<ProxyHeaderRead> read_proxy_header(Socket& socket, BufferPool& buffers,
                                              base::MonoTime deadline) {
  static_assert(kBlockBytes[static_cast<std::size_t>(BlockSize::small)] >= kProxyHeaderBytesMax);
  Buffer taken(buffers);  // so far: all of it belongs to the header
  taken.acquire(BlockSize::small);
  for (;;) {
    const IoResult peeked = socket.peek(taken.writable());
    if (peeked.status == IoStatus::would_block) {
      const Wake wake = co_await socket.readable(deadline);
      if (wake != Wake::ready) co_return ProxyHeaderRead{End::timed_out, {}, {}};
      continue;
    }
    if (peeked.status != IoStatus::ok) {
      const std::string_view detail = taken.empty() ? "" : "the connection ended inside the header";
      co_return ProxyHeaderRead{End::closed, {}, detail};
    }
    const std::string_view seen(taken.readable().data(), taken.size() + peeked.bytes);
    const ProxyHeaderResult parsed = parse_proxy_header(seen);
    if (parsed.status == ProxyHeaderResult::Status::bad)
      co_return ProxyHeaderRead{End::bad, {}, parsed.detail};
    const bool is_complete = parsed.status == ProxyHeaderResult::Status::complete;
    const std::size_t wanted = is_complete ? parsed.size - taken.size() : peeked.bytes;
    // It is there: it was just looked at.
    const IoResult received = socket.receive(taken.writable().first(wanted));
    if (received.status != IoStatus::ok || received.bytes != wanted)
      co_return ProxyHeaderRead{End::closed, {}, "the connection broke"};
    taken.commit(wanted);
    if (is_complete) co_return ProxyHeaderRead{End::done, parsed.header, {}};
  }
}

}  // namespace ravelin::gateway
