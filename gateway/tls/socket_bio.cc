#include "gateway/tls/socket_bio.h"

#include "gateway/tls/stream.h"

#include <algorithm>
#include <cstring>

namespace ravelin::gateway {

struct SocketBio {
  static Stream& stream_of(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    Stream& stream = stream_of(bio);
    if (!stream.bulk_in_.empty()) {
      const std::size_t bytes = std::min(static_cast<std::size_t>(size), stream.bulk_in_.size());
      std::memcpy(into, stream.bulk_in_.data(), bytes);
      stream.bulk_in_ = stream.bulk_in_.subspan(bytes);
      return static_cast<int>(bytes);
    }
    if (stream.bulk_only_) {
      BIO_set_retry_read(bio);
      return -1;
    }
    if (!stream.socket_.may_be_readable()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const IoResult result = stream.socket_.receive({into, static_cast<std::size_t>(size)});
    switch (result.status) {
      case IoStatus::ok:
        // Both sides of a handshake speak in turn: after a flight nothing more is there.
        if (SSL_in_init(stream.ssl_.get()) != 0) stream.socket_.assume_drained();
        return static_cast<int>(result.bytes);
      case IoStatus::would_block:
        BIO_set_retry_read(bio);
        return -1;
      case IoStatus::closed:
        return 0;
      case IoStatus::error:
        break;
    }
    stream.broken_ = true;
    return -1;
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    Stream& stream = stream_of(bio);
    if (stream.broken_) return -1;
    stream.transmit({from, static_cast<std::size_t>(size)});
    return stream.broken_ ? -1 : size;
  }

  static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return stream_of(bio).broken_ ? 1 : 0;
    return 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* make_method() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ravelin socket");
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    BIO_meth_set_create(method, create);
    return method;
  }
};

BIO* make_socket_bio(Stream& stream) {
  static BIO_METHOD* const method = SocketBio::make_method();  // lives as long as the process
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, &stream);
  return bio;
}

}  // namespace ravelin::gateway
