// Stream: bytes over one socket, in the clear or through TLS straight on the descriptor. It owns no
// buffer while idle. Reading and writing never suspend; waiting is separate. One worker's thread.
//
// Output is never refused: what the kernel does not take stays in one pooled block, and
// is_blocked() says so. The caller writes at most kWriteMax bytes and nothing more until flush()
// has ended: that bounds the block.
#pragma once

#include "base/io/task.h"
#include "gateway/net/buffer.h"
#include "gateway/net/socket.h"
#include "gateway/tls/handshake_info.h"

#include <openssl/ssl.h>

#include <string>

namespace ravelin::gateway {

// key_late: timed out because our own key had not signed yet.
enum class HandshakeEnd : unsigned char { done, failed, closed, timed_out, key_late };

class Stream {
 public:
  static constexpr std::size_t kWriteMax = 64 * 1024;  // plaintext bytes in one write()
  static constexpr std::size_t kRecordMax = 16 * 1024;

  // Takes `fd`, the only descriptor of its socket.
  Stream(Reactor& reactor, BufferPool& buffers, int fd) : socket_(reactor, fd), out_(buffers) {
    socket_.set_sole();
  }

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  // From now on the stream speaks TLS with `ssl`, which has its role (accept or connect state)
  // already.
  void start_tls(SslPtr ssl);
  // Runs the handshake. `failed` leaves OpenSSL's error queue for the caller to read at once. After
  // `done` a server's session ticket may still be held back: it leaves with the first write, or
  // with release_output().
  base::Task<HandshakeEnd> handshake(base::MonoTime deadline);

  IoResult read(std::span<char> into);
  // Reads as much as there is, at most `into.size()`, which is at least 32 KiB: one large system
  // call.
  IoResult read_bulk(std::span<char> into);

  // Whether a read may give something without waiting. A record that has come only in part counts
  // once.
  [[nodiscard]] bool may_be_readable() const { return socket_.may_be_readable() || more_inside_; }

  // What a look that takes nothing tells of the other side. Over TLS an end without close_notify is
  // not that of a direction (RFC 8446 section 6.1): it has gone, as after a reset.
  enum class Peer : unsigned char { silent, speaks, sends_no_more, gone };
  Peer look();

  // False when bytes may be readable without the socket being so (inside TLS).
  [[nodiscard]] bool is_drained() const {
    return ssl_ == nullptr || SSL_has_pending(ssl_.get()) == 0;
  }

  enum class More : unsigned char {
    no,
    yes
  };  // yes: held back until the next write, to leave with it
  void write(std::string_view bytes, More more = More::no);

  // Output waits for the peer. What is only held back (More::yes, a session ticket) does not count.
  [[nodiscard]] bool is_blocked() const { return !hold_ && !out_.empty(); }

  [[nodiscard]] std::size_t blocked_bytes() const {
    return is_blocked() ? out_.size() + overflow_.size() : 0;
  }

  // What the peer has not acknowledged yet, with the kernel or here; a system call.
  [[nodiscard]] std::size_t unsent_bytes() const;

  // Sends what is held or was refused before, as far as the kernel takes it.
  void release_output();
  // Waits until everything is with the kernel; `ready` also when the connection broke (see
  // is_broken).
  base::Task<Wake> flush(base::MonoTime deadline);

  // Says goodbye (TLS close_notify, then FIN) without waiting.
  void finish_output();

  // Output failed or the peer reset: nothing more can be sent.
  [[nodiscard]] bool is_broken() const { return broken_; }

  Socket& socket() { return socket_; }

  [[nodiscard]] int last_ssl_error() const {
    return last_ssl_error_;
  }  // of the handshake that failed

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }

  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  friend struct SocketBio;
  IoResult read_tls(std::span<char> into);
  void write_tls(std::string_view bytes, More more);
  // What the TLS engine (or write) wants sent: to the kernel, else into out_.
  void transmit(std::string_view bytes);
  void drain_output();
  void keep(std::string_view bytes);
  void set_broken();
  base::Task<Wake> wait_async(base::MonoTime deadline);

  Socket socket_;
  SslPtr ssl_;
  Buffer out_;
  std::string overflow_;  // beyond out_: only alerts and key updates can get here
  std::span<const char> bulk_in_;
  int last_ssl_error_ = 0;
  bool bulk_only_ = false;
  bool more_inside_ = false;  // TLS may hold a whole record that was not read yet
  bool hold_ = false;
  bool broken_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace ravelin::gateway
