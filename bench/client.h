// The load generator's TLS client: one connection that carries one request after another. TLS 1.3,
// TLS_AES_128_GCM_SHA256 and X25519 only, so that every gateway negotiates the same. One thread.
#pragma once

#include "base/handle.h"
#include "bench/response.h"

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::bench {

struct Request {
  std::string bytes;      // head and body
  std::string_view body;  // of the answer; outlives the request
};

// Who the client says it talks to, and who it is itself.
struct Identity {
  std::string server_name = "bench.test";
  std::string chain{}, key{};  // PEM files of a client certificate; "" = none
};

// What all connections share. Outlives them.
class Client {
 public:
  enum class Sizing { small, bulk };  // bulk: reads of 64 KiB instead of one record

  Client(std::uint16_t port, Sizing sizing, const Identity& identity);

  std::uint16_t port;
  std::string server_name;
  int epoll;
  base::Handle<SSL_CTX, SSL_CTX_free> context;
  std::uint64_t tickets = 0;  // received so far, over all connections
};

enum class Step {
  waiting,    // for the network
  connected,  // the handshake is done: send() may be called
  answered,   // the whole expected answer came: send() may be called
  failed,     // see Connection::why
};

class Connection {
 public:
  // `tag` comes back in epoll_event::data.ptr; the connection leaves from 127.0.0.`source`.
  Connection(Client& client, unsigned source, void* tag);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Starts a connection, resuming the last session received on this object when there is one and
  // `resume` says so. Replaces an open connection.
  enum class Resume { no, yes };
  void open(Resume resume);
  // Sends `request`, which outlives the answer. Step::waiting or Step::failed.
  Step send(const Request& request);
  // On every event of the connection's descriptor.
  Step on_event(std::uint32_t events);
  // Says good-bye (close_notify) and closes.
  void close();

  [[nodiscard]] bool is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

  [[nodiscard]] bool has_session() const { return session_ != nullptr; }

  [[nodiscard]] const std::string& why() const { return why_; }

  // "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519", and the certificate's key type on a full handshake.
  [[nodiscard]] std::string describe() const;

  void keep_session(SSL_SESSION* session) {
    session_.reset(session);
    ++client_.tickets;
  }

 private:
  enum class State { closed, connecting, handshake, idle, sending, receiving };

  Step handshake();
  Step write();
  Step read();
  Step retry(int result, const char* doing);
  Step fail(std::string why);
  void want(std::uint32_t events);

  Client& client_;
  unsigned source_;
  void* tag_;
  State state_ = State::closed;
  int fd_ = -1;
  std::uint32_t events_ = 0;
  base::Handle<SSL, SSL_free> ssl_;
  base::Handle<SSL_SESSION, SSL_SESSION_free> session_;
  std::string_view unsent_;
  ResponseCheck check_;
  std::string why_;
};

}  // namespace ravelin::bench
