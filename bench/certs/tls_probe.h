// One TLS 1.3 handshake after another with a gateway on this machine, each with a name of its own
// and the certificate it is answered with. Blocks, for five seconds at most. One thread.
#pragma once

#include "base/handle.h"

#include <openssl/ssl.h>

#include <cstdint>
#include <string>

namespace ravelin::bench {

class TlsProbe {
 public:
  explicit TlsProbe(std::uint16_t port);

  // A connection of its own: a full handshake, the session ticket that a server sends once it has
  // verified ours, good-bye. False: refused, ended, or the certificate is not one for `name`.
  bool handshake(const std::string& name);

  // Why the last handshake did not succeed.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  bool speak(int fd, const std::string& name);
  bool give_up(const char* doing);

  std::uint16_t port_;
  base::Handle<SSL_CTX, SSL_CTX_free> context_;
  bool has_ticket_ = false;
  std::string why_;
};

}  // namespace ravelin::bench
