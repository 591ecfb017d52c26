// A real OpenSSL client against our server side, both in this thread, over a BIO pair.
#pragma once

#include "gateway/tls/certificate_index.h"
#include "gateway/tls/context.h"
#include "gateway/tls/handshake_failure.h"
#include "gateway/tls/ticket_ring.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway::test {

using SessionPtr = std::shared_ptr<SSL_SESSION>;

// OpenSSL makes the session of a connection that is freed without a goodbye unusable.
void say_goodbye(SSL* ssl);

// `pairs`: the first is not the default unless said so.
std::shared_ptr<const ListenerTls> make_listener(
    std::vector<IndexedPair> pairs, const TlsPolicy& policy = {},
    std::shared_ptr<const TicketKeys> tickets = nullptr);

struct ClientOptions {
  std::string sni{};  // "" = none sent
  int version_min = TLS1_2_VERSION;
  int version_max = TLS1_3_VERSION;
  std::string ciphers12{};  // "" = default
  std::string groups{};
  std::string signatures{};
  std::vector<std::string> alpn{};
  certs::PairPtr certificate{};
  SessionPtr resume{};
  bool trusts_test_ca = true;
  base::IpAddress address{};  // as the server sees it; all zero = none
  std::optional<base::IpAddress> goes_to{};
};

class MemoryHandshake {
 public:
  MemoryHandshake(std::shared_ptr<const ListenerTls> tls, const ClientOptions& options);
  MemoryHandshake(const MemoryHandshake&) = delete;
  MemoryHandshake& operator=(const MemoryHandshake&) = delete;
  ~MemoryHandshake();

  // One turn each. True while the outcome is open.
  bool step();
  // Steps until both ends are done (true) or one failed (false), at most 100 turns.
  bool run();

  // A byte each way, so that the client reads the tickets sent after the handshake.
  bool exchange();

  [[nodiscard]] SSL* client() const { return client_.get(); }

  [[nodiscard]] SSL* server() const { return server_.get(); }

  [[nodiscard]] const HandshakeInfo& info() const { return info_; }

  [[nodiscard]] bool was_resumed() const { return SSL_session_reused(server_.get()) == 1; }

  [[nodiscard]] bool waits_for_key() const { return waits_for_key_; }

  // Valid after the server side failed.
  [[nodiscard]] const HandshakeFailure& failure() const { return failure_; }

  [[nodiscard]] bool server_failed() const { return server_failed_; }

  // Why the client gave up: "" or "tlsv1 unrecognized name".
  [[nodiscard]] const std::string& client_error() const { return client_error_; }

  // Common name or first DNS name of what the server showed.
  [[nodiscard]] std::string served_name() const;
  [[nodiscard]] certs::KeyType served_key() const;

  [[nodiscard]] SessionPtr session() const;

  // Every session the client was given, tickets of TLS 1.3 included.
  [[nodiscard]] int tickets_received() const { return tickets_received_; }

  // Raw bytes to the server instead of a client's.
  void feed(std::string_view bytes);
  // The client goes away.
  void close_client();

 private:
  static int on_new_session(SSL* ssl, SSL_SESSION* session);
  void turn_client();
  void turn_server();

  base::Handle<SSL_CTX, SSL_CTX_free> client_ctx_;
  HandshakeInfo info_;
  SslPtr client_;
  SslPtr server_;
  BIO* client_end_ = nullptr;
  bool client_done_ = false;
  bool server_done_ = false;
  bool client_failed_ = false;
  bool server_failed_ = false;
  bool waits_for_key_ = false;
  HandshakeFailure failure_;
  std::string client_error_;
  SessionPtr last_session_;
  int tickets_received_ = 0;
};

}  // namespace ravelin::gateway::test
