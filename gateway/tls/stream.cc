#include "gateway/tls/stream.h"

#include "gateway/tls/late_key.h"
#include "gateway/tls/socket_bio.h"

#include <linux/sockios.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;

Stream::~Stream() {
  // Keeps the session resumable: OpenSSL drops sessions of connections that were not shut down.
  if (ssl_ != nullptr) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void Stream::start_tls(SslPtr ssl) {
  ssl_ = std::move(ssl);
  BIO* bio = make_socket_bio(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
}

Task<HandshakeEnd> Stream::handshake(MonoTime deadline) {
  for (;;) {
    ERR_clear_error();
    hold_ = SSL_is_server(ssl_.get()) != 0 && SSL_in_before(ssl_.get()) == 0;
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      // Before TLS 1.3 the server's Finished is in there, and the client waits for it.
      if (SSL_version(ssl_.get()) != TLS1_3_VERSION) release_output();
      more_inside_ = SSL_has_pending(ssl_.get()) != 0;
      SSL_clear_mode(ssl_.get(), SSL_MODE_ASYNC);  // only handshakes sign: no more fibers
      co_return HandshakeEnd::done;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    Wake wake = Wake::ready;
    if (error == SSL_ERROR_WANT_READ) {
      release_output();
      if (is_blocked()) {
        wake = co_await flush(deadline);
        if (broken_) co_return HandshakeEnd::closed;
        if (wake != Wake::ready) co_return HandshakeEnd::timed_out;
      }
      // A FIN may have come along with the last bytes, without an edge of its own.
      const MonoTime look_at = socket_.reactor().now() + kDrainedProbe;
      wake = co_await socket_.readable(std::min(deadline, look_at));
      if (wake == Wake::deadline && look_at < deadline) {
        socket_.set_ready(true);
        continue;
      }
    } else if (error == SSL_ERROR_WANT_ASYNC) {
      wake = co_await wait_async(deadline);
      if (wake == Wake::ready) continue;
      // A paused key operation has a fiber of its own: it must end before this stream may.
      abandon_async(ssl_.get());
      co_return wake == Wake::deadline ? HandshakeEnd::key_late : HandshakeEnd::timed_out;
    } else {
      last_ssl_error_ = error;
      release_output();  // the alert that says why
      const bool nothing_said =
          error == SSL_ERROR_SYSCALL || (error == SSL_ERROR_SSL && ERR_peek_error() == 0);
      co_return nothing_said ? HandshakeEnd::closed : HandshakeEnd::failed;
    }
    if (wake != Wake::ready) co_return HandshakeEnd::timed_out;
  }
}

Task<Wake> Stream::wait_async(MonoTime deadline) {
  std::size_t count = 1;
  OSSL_ASYNC_FD descriptor = -1;
  if (SSL_get_all_async_fds(ssl_.get(), nullptr, &count) != 1 || count != 1)
    co_return Wake::aborted;
  SSL_get_all_async_fds(ssl_.get(), &descriptor, &count);
  Socket job(socket_.reactor(), ::dup(descriptor));
  if (!job.is_open()) co_return Wake::aborted;
  job.set_ready(false);
  const Wake wake = co_await job.readable(deadline);
  co_return wake;
}

IoResult Stream::read(std::span<char> into) {
  IoResult result = ssl_ == nullptr ? socket_.receive(into) : read_tls(into);
  bytes_in_ += result.bytes;
  return result;
}

IoResult Stream::read_tls(std::span<char> into) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  more_inside_ = got > 0 && SSL_has_pending(ssl_.get()) != 0;
  if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got)};
  switch (SSL_get_error(ssl_.get(), got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::would_block, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::closed, 0};
    default:
      // An end without close_notify is an end too: HTTP/1 framing says whether it came too early.
      if (!broken_ && (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
        return {IoStatus::closed, 0};
      }
      release_output();  // the alert that says why
      set_broken();
      return {IoStatus::error, 0};
  }
}

IoResult Stream::read_bulk(std::span<char> into) {
  if (ssl_ == nullptr) return read(into);
  // Ciphertext goes to the upper part of the block and is decrypted into the lower one. Plaintext
  // never overtakes it: each record is smaller than its ciphertext, and one whole record of slack
  // covers what OpenSSL still holds from before.
  const std::size_t slack = 2 * kRecordMax;
  const std::span<char> cipher = into.subspan(slack);
  const IoResult received = socket_.receive(cipher);
  if (received.status == IoStatus::error) set_broken();
  if (received.status == IoStatus::error || (received.status == IoStatus::closed && is_drained()))
    return received;
  bulk_in_ = cipher.first(received.bytes);
  bulk_only_ = true;
  std::size_t total = 0;
  IoResult last;
  do {
    last = read_tls(into.subspan(total));
    total += last.bytes;
  } while (last.status == IoStatus::ok);
  bulk_only_ = false;
  bytes_in_ += total;
  if (total > 0) return {IoStatus::ok, total};
  if (last.status == IoStatus::would_block && received.status == IoStatus::closed) return received;
  return last;
}

Stream::Peer Stream::look() {
  if (broken_) return Peer::gone;
  if (more_inside_ || !is_drained()) return Peer::speaks;
  if (!socket_.may_be_readable()) return Peer::silent;
  char byte = 0;
  switch (socket_.peek({&byte, 1}).status) {
    case IoStatus::ok:
      return Peer::speaks;
    case IoStatus::would_block:
      return Peer::silent;
    case IoStatus::error:
      set_broken();
      return Peer::gone;
    case IoStatus::closed:
      break;
  }
  const bool has_said_so =
      ssl_ == nullptr || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  return has_said_so ? Peer::sends_no_more : Peer::gone;
}

void Stream::write(std::string_view bytes, More more) {
  bytes_out_ += bytes.size();
  if (ssl_ != nullptr) {
    write_tls(bytes, more);
    return;
  }
  hold_ = hold_ || more == More::yes;
  transmit(bytes);
  if (more == More::no) release_output();
}

void Stream::write_tls(std::string_view bytes, More more) {
  // A record per system call: gathering several before one large send was measured at 1.6 times the
  // CPU (bench download-1mib): the kernel's TCP works on while the next record is encrypted.
  hold_ = hold_ || more == More::yes;
  while (!bytes.empty() && !broken_) {
    const std::string_view piece = bytes.substr(0, kRecordMax);
    ERR_clear_error();
    const int written = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (written <= 0) {
      set_broken();
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (more == More::no) release_output();
}

// The end may have come with bytes read before, without an edge of its own: a reader shall look.
void Stream::set_broken() {
  broken_ = true;
  socket_.set_ready(true);
}

void Stream::transmit(std::string_view bytes) {
  if (broken_) return;
  if (hold_ || is_blocked()) {
    keep(bytes);
    return;
  }
  const IoResult sent = socket_.send(bytes);
  if (sent.status == IoStatus::closed || sent.status == IoStatus::error) {
    set_broken();
    return;
  }
  if (sent.bytes < bytes.size()) keep(bytes.substr(sent.bytes));
}

void Stream::keep(std::string_view bytes) {
  if (!out_.has_block()) {
    const bool is_small = bytes.size() <= BufferPool::bytes_of(BlockSize::small) / 2;
    out_.acquire(is_small ? BlockSize::small : BlockSize::bulk);
  }
  std::size_t kept = overflow_.empty() ? out_.append(bytes) : 0;
  if (kept < bytes.size() && out_.block_size() != BlockSize::bulk && overflow_.empty()) {
    out_.grow(BlockSize::bulk);
    kept += out_.append(bytes.substr(kept));
  }
  overflow_.append(bytes.substr(kept));
}

std::size_t Stream::unsent_bytes() const {
  int queued = 0;
  static_cast<void>(::ioctl(socket_.fd(), SIOCOUTQ, &queued));
  return blocked_bytes() + static_cast<std::size_t>(queued);
}

void Stream::release_output() {
  hold_ = false;
  if (is_blocked()) drain_output();
}

void Stream::drain_output() {
  while (!out_.empty() && !broken_) {
    const IoResult sent = socket_.send(out_.readable());
    if (sent.status == IoStatus::would_block) return;
    if (sent.status != IoStatus::ok) {
      set_broken();
      break;
    }
    out_.consume(sent.bytes);
    if (out_.empty() && !overflow_.empty()) {
      out_.clear();
      overflow_.erase(0, out_.append(overflow_));
    }
  }
  out_.release();
  overflow_.clear();
}

Task<Wake> Stream::flush(MonoTime deadline) {
  hold_ = false;
  while (is_blocked()) {
    const Wake wake = co_await socket_.writable(deadline);
    if (wake != Wake::ready) co_return wake;
    drain_output();
  }
  co_return Wake::ready;
}

void Stream::finish_output() {
  release_output();
  if (!broken_ && ssl_ != nullptr && SSL_is_init_finished(ssl_.get()) != 0) {
    if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0) SSL_shutdown(ssl_.get());
  }
  if (!broken_ && !is_blocked()) socket_.shutdown_write();
}

}  // namespace ravelin::gateway
