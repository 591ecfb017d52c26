#include "gateway/proxy/forward/tunnel.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {
namespace {

// One direction. Reads only while everything read before has left.
class Lane {
 public:
  Lane(Stream& from, Stream& to, Buffer ahead) : from_(from), to_(to), buffer_(std::move(ahead)) {
    if (buffer_.empty()) buffer_.release();
  }

  // Moves what can be moved now; true if anything was.
  bool pump() {
    if (done_) return false;
    if (to_.is_blocked()) to_.release_output();
    if (to_.is_blocked()) return false;
    if (!buffer_.empty()) {
      const std::string_view piece = buffer_.readable().substr(0, Stream::kWriteMax);
      to_.write(piece);
      count_ += piece.size();
      buffer_.consume(piece.size());
      return true;
    }
    if (!from_.may_be_readable()) return false;
    // What came ahead of the tunnel lies in a block of any size.
    if (buffer_.has_block() && buffer_.block_size() != BlockSize::bulk) buffer_.release();
    if (!buffer_.has_block()) buffer_.acquire(BlockSize::bulk);
    buffer_.clear();
    const std::span<char> room = buffer_.writable();
    const IoResult result = from_.read(room.first(std::min(room.size(), Stream::kWriteMax)));
    if (result.status == IoStatus::ok) {
      buffer_.commit(result.bytes);
      return true;
    }
    buffer_.release();
    if (result.status == IoStatus::would_block) return false;
    if (result.status == IoStatus::error) {
      from_broken_ = done_ = true;
      return true;
    }
    to_.finish_output();  // pass the end on; the other direction may go on
    done_ = true;
    return true;
  }

  void watch(Waiter& waiter) {
    if (done_) return;
    if (to_.is_blocked()) {
      to_.socket().watch_writable(waiter);
    } else {
      from_.socket().watch_readable(waiter);
    }
  }

  [[nodiscard]] bool is_ready() const {
    return !done_ && !to_.is_blocked() && from_.may_be_readable();
  }

  [[nodiscard]] bool is_done() const { return done_; }

  // Where the bytes come from is no more: nothing can be sent there either.
  [[nodiscard]] bool is_from_gone() const { return from_broken_ || from_.is_broken(); }

  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  Stream& from_;
  Stream& to_;
  Buffer buffer_;
  std::uint64_t count_ = 0;
  bool done_ = false;
  bool from_broken_ = false;
};

class TunnelWait : public CoroutineWaiter {
 public:
  TunnelWait(Lane& up, Lane& down, Reactor& reactor, base::MonoTime deadline)
      : up_(up), down_(down), reactor_(reactor), deadline_(deadline) {}

  [[nodiscard]] bool await_ready() const { return up_.is_ready() || down_.is_ready(); }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    reactor_.timers().arm(*this, deadline_);
    up_.watch(*this);
    down_.watch(*this);
  }

 private:
  Lane& up_;
  Lane& down_;
  Reactor& reactor_;
  base::MonoTime deadline_;
};

}  // namespace

base::Task<TunnelResult> run_tunnel(Stream& client, Stream& server, Buffer client_ahead,
                                    Buffer server_ahead, Reactor& reactor,
                                    base::Duration idle_max) {
  constexpr int kMovesBeforeYield = 16;
  Lane up(client, server, std::move(client_ahead));
  Lane down(server, client, std::move(server_ahead));
  int moves = 0;
  TunnelEnd end = TunnelEnd::finished;
  // Either side gone ends both: half-closed tunnels last until the other side has said its piece.
  for (;;) {
    if (up.is_from_gone()) end = TunnelEnd::client_gone;
    if (down.is_from_gone()) end = TunnelEnd::server_gone;
    if (end != TunnelEnd::finished || (up.is_done() && down.is_done())) break;
    const bool moved_up = up.pump();
    const bool moved_down = down.pump();
    if (moved_up || moved_down) {
      if (++moves % kMovesBeforeYield == 0) co_await reactor.yield();
      continue;
    }
    TunnelWait wait(up, down, reactor, reactor.now() + idle_max);
    const Wake wake = co_await wait;
    if (wake == Wake::ready) continue;
    end = TunnelEnd::idle;
    break;
  }
  co_return TunnelResult{end, up.count(), down.count()};
}

}  // namespace ravelin::gateway
