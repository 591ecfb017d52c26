// One TLS connection to a CA: verified against given roots and the host's name, every step within a
// patience. Blocks; lives on its issuer's thread.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"
#include "certs/acme/url.h"
#include "certs/handles.h"

#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::certs::acme {

using TlsContextPtr = base::Handle<SSL_CTX, SSL_CTX_free>;
using TlsPtr = base::Handle<SSL, SSL_free>;

// TLS 1.2 and up, the peer verified. `ca_file` "" = the system's roots. Errors: the file cannot be
// read or holds no certificate.
Result<TlsContextPtr> make_client_context(const std::string& ca_file);

class TlsConnection {
 public:
  // Connects to the first address that takes it and shakes hands. Errors name host and port.
  static Result<TlsConnection> open(const Url& url, SSL_CTX* context, Resolver& resolver,
                                    const Patience& patience);

  TlsConnection(TlsConnection&& other) noexcept;
  TlsConnection& operator=(TlsConnection&&) = delete;
  ~TlsConnection();

  Result<> send(std::string_view bytes, const Patience& patience);
  // 0 = the peer said that it is done. An end without that word is an error.
  Result<std::size_t> receive(std::span<char> into, const Patience& patience);

 private:
  TlsConnection(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}

  Result<> connect(const SocketAddress& address, const Patience& patience);
  Result<> start_tls(const Url& url, SSL_CTX* context, const Patience& patience);
  template <class Step>
  Result<int> run(Step step, const Patience& patience);
  Result<> flush(const Patience& patience);
  Result<> fill(const Patience& patience);
  [[nodiscard]] base::Error tls_error() const;

  int fd_;
  std::string peer_;  // host:port, for messages
  BioPtr network_;    // what goes over the socket; the other half belongs to ssl_
  TlsPtr ssl_;
};

}  // namespace ravelin::certs::acme
