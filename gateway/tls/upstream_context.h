// TLS to a server: who it has to be, and the session to resume. The context is immutable and shared
// by all workers; each worker keeps an UpstreamSessions per server.
#pragma once

#include "gateway/config/config.h"
#include "gateway/tls/context.h"
#include "gateway/tls/handshake_info.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct UpstreamTlsPolicy {
  PemFile ca{};        // empty path = the system's store
  std::string name{};  // host name (sent as SNI) or IP address the certificate must carry
  std::vector<std::string> alpn{"http/1.1"};
  certs::PairPtr pair{};  // shown to the server; null = none

  bool operator==(
      const UpstreamTlsPolicy& other) const;  // the same certificate, not the same object
};

class UpstreamContext {
 public:
  // TLS 1.2 and newer, verification always on. Errors: the CA file does not parse, no name.
  static base::Result<std::shared_ptr<const UpstreamContext>> create(
      const UpstreamTlsPolicy& policy);

  UpstreamContext(const UpstreamContext&) = delete;
  UpstreamContext& operator=(const UpstreamContext&) = delete;
  ~UpstreamContext() = default;

  [[nodiscard]] SSL_CTX* ssl_ctx() const { return ctx_.get(); }

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const UpstreamTlsPolicy& policy() const { return policy_; }

 private:
  UpstreamContext() = default;

  base::Handle<SSL_CTX, SSL_CTX_free> ctx_;
  UpstreamTlsPolicy policy_;
  std::string name_;  // lower case
};

// `server` is the host name or address text of the server, used when the configuration names none.
base::Result<UpstreamTlsPolicy> read_upstream_policy(const UpstreamTlsConfig& config,
                                                     std::string_view server);

// The last session a server gave this worker. One worker's thread.
class UpstreamSessions {
 public:
  explicit UpstreamSessions(std::shared_ptr<const UpstreamContext> context);

  // A client-side SSL in connect state: SNI and name check set, offers the last session. Later
  // sessions of this connection are remembered, also after this object is gone (then for nobody).
  // An SSL freed without SSL_set_shutdown() makes its session unusable. nullptr: out of memory.
  SslPtr new_ssl();

  [[nodiscard]] const std::shared_ptr<const UpstreamContext>& context() const { return context_; }

  [[nodiscard]] bool has_session() const { return slot_->session != nullptr; }

 private:
  friend struct UpstreamCallbacks;

  struct Slot {
    base::Handle<SSL_SESSION, SSL_SESSION_free> session;
  };

  std::shared_ptr<const UpstreamContext> context_;
  std::shared_ptr<Slot> slot_;
};

// Why a handshake with a server failed: "certificate: hostname mismatch", "alert received: …".
// Empties the thread's OpenSSL error queue. `error_number` is the errno of the socket operation, 0
// when the server closed.
std::string explain_upstream_failure(const SSL* ssl, int error_number);

}  // namespace ravelin::gateway
