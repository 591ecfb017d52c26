// Socket: a non-blocking descriptor on a reactor, with the two things a coroutine does with it:
// try, and wait. A wait costs no system call: readiness is edge triggered and remembered. One
// worker's thread.
#pragma once

#include "gateway/net/reactor.h"
#include "gateway/net/waiter.h"

#include <memory>
#include <span>
#include <string>

namespace ravelin::gateway {

enum class IoStatus : unsigned char {
  ok,           // at least one byte moved
  would_block,  // nothing now: wait
  closed,       // the peer ended its direction (read), or the connection is gone (write)
  error,        // see Socket::last_error
};

struct IoResult {
  IoStatus status = IoStatus::would_block;
  std::size_t bytes = 0;
};

class Socket {
 public:
  Socket(Reactor& reactor, int fd);  // takes the descriptor, which is already non-blocking
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  ~Socket();

  // No other descriptor, here or in another process, refers to this socket.
  void set_sole() { is_sole_ = true; }

  // Others wait on the same listening socket: a connection wakes one of them (Reactor::wake_one).
  void wake_one() { reactor_.wake_one(fd_, descriptor_); }

  IoResult receive(std::span<char> into);
  // What receive() would give, which stays with the kernel.
  IoResult peek(std::span<char> into);

  // Says that a whole message was read and nothing more is expected now. If the last read was short
  // (fewer bytes than asked for) and no edge has come since, the next wait then suspends without
  // trying first. A peer's FIN that came along with those bytes goes unseen: whoever waits long
  // must try once after a while (kDrainedProbe).
  void assume_drained() {
    if (last_read_short_) read_.ready = false;
  }

  IoResult send(std::span<const char> from, int flags = 0);

  // Waits until reading (writing) may make progress, or `deadline`. At most one reader and one
  // writer.
  class Awaiter;
  Awaiter readable(base::MonoTime deadline);
  Awaiter writable(base::MonoTime deadline);
  // Waits for whichever of the two comes first.
  static Awaiter either_readable(Socket& a, Socket& b, base::MonoTime deadline);
  // This socket readable, or `other` writable.
  static Awaiter readable_or_writable(Socket& reader, Socket& writer, base::MonoTime deadline);

  // Watches for the peer's close (or any byte) without a coroutine; `waiter` must outlive the
  // watch.
  void watch_readable(Waiter& waiter) { arm(read_, waiter); }

  void watch_writable(Waiter& waiter) { arm(write_, waiter); }

  // What the caller knows of a fresh descriptor (a connect in progress is not writable yet).
  void set_ready(bool readable) { read_.ready = readable; }

  void set_writable(bool writable) { write_.ready = writable; }

  // Ends both directions now; a waiting coroutine wakes and sees `closed`.
  void shutdown();
  void shutdown_write();
  void close();
  // Discards unsent data and resets the connection on close.
  void set_reset_on_close();

  [[nodiscard]] int fd() const { return fd_; }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  [[nodiscard]] bool may_be_readable() const { return read_.ready; }

  [[nodiscard]] int last_error() const { return last_error_; }

  [[nodiscard]] Reactor& reactor() const { return reactor_; }

 private:
  // One direction's readiness, and the operation that stands in Asio's queue while it is awaited.
  struct Direction : boost::asio::detail::reactor_op {
    Direction(Socket* owner, int kind);
    static status on_perform(reactor_op* op);
    static void on_complete(void* owner, boost::asio::detail::scheduler_operation* op,
                            const boost::system::error_code& ec, std::size_t bytes);

    Socket* socket;  // null once that has gone
    Waiter* waiter = nullptr;
    int type;
    bool armed = false;
    bool ready = true;
    bool was_armed = false;
    bool needs_edge = false;
  };

  IoResult receive_with(std::span<char> into, int flags);
  void arm(Direction& direction, Waiter& waiter);
  static void let_go(std::unique_ptr<Direction> direction);

  Reactor& reactor_;
  int fd_;
  int last_error_ = 0;
  bool last_read_short_ = false;
  bool is_sole_ = false;
  Reactor::Epoll::per_descriptor_data descriptor_ = nullptr;
  // On the heap: a completed operation may still stand in Asio's queue when the socket goes.
  std::unique_ptr<Direction> read_own_;
  std::unique_ptr<Direction> write_own_;
  Direction& read_;
  Direction& write_;
  std::uint64_t born_;  // the reactor's turn
};

class Socket::Awaiter : public CoroutineWaiter {
 public:
  Awaiter(Direction* first, Direction* second, base::MonoTime deadline)
      : first_(first), second_(second), deadline_(deadline) {}

  [[nodiscard]] bool await_ready() const {
    return first_->ready || (second_ != nullptr && second_->ready);
  }

  void await_suspend(std::coroutine_handle<> handle);

 private:
  Direction* first_;
  Direction* second_;
  base::MonoTime deadline_;
};

inline constexpr base::MonoTime kNever{base::Duration::max()};
inline constexpr base::Duration kDrainedProbe = std::chrono::seconds(1);

}  // namespace ravelin::gateway
