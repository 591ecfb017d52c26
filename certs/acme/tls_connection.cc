#include "certs/acme/tls_connection.h"

#include "base/check.h"
#include "certs/acme/tcp_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kBufferBytes = std::size_t{17} * 1024;  // a TLS record and its head
constexpr unsigned char kAlpn[] = "\x08http/1.1";

}  // namespace

Result<TlsContextPtr> make_client_context(const std::string& ca_file) {
  TlsContextPtr context(SSL_CTX_new(TLS_client_method()));
  CHECK(context != nullptr);
  CHECK(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1);
  CHECK(SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof kAlpn - 1) == 0);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
      return fail(Errc::tls, "the system's trusted roots: {}", take_openssl_error());
  } else if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return fail(Errc::invalid, "{}: no trusted roots can be read from it: {}", ca_file,
                take_openssl_error());
  }
  return context;
}

TlsConnection::TlsConnection(TlsConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      peer_(std::move(other.peer_)),
      network_(std::move(other.network_)),
      ssl_(std::move(other.ssl_)) {}

TlsConnection::~TlsConnection() {
  if (fd_ >= 0) ::close(fd_);
}

Result<TlsConnection> TlsConnection::open(const Url& url, SSL_CTX* context, Resolver& resolver,
                                          const Patience& patience) {
  const auto addresses = resolver.resolve(url.host, url.port, patience);
  if (!addresses) return addresses.error();
  base::Error last;
  for (const SocketAddress& address : *addresses) {
    const int fd =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return base::fail_errno(errno, "a socket");
    TlsConnection connection(fd, fmt::format("{}:{}", url.host, url.port));
    // One silent address leaves time for the next.
    const auto share = patience.left() / (addresses->size() == 1 ? 1 : 2);
    auto connected = connection.connect(address, patience.at_most(share));
    if (connected) connected = connection.start_tls(url, context, patience);
    if (connected) return connection;
    last = connected.error();
    if (last.code == Errc::tls || patience.stop.stop_requested()) break;
  }
  return last;
}

Result<> TlsConnection::connect(const SocketAddress& address, const Patience& patience) {
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return connect_within(fd_, address, patience, "connecting to " + peer_);
}

Result<> TlsConnection::start_tls(const Url& url, SSL_CTX* context, const Patience& patience) {
  ssl_.reset(SSL_new(context));
  BIO* inner = nullptr;
  BIO* outer = nullptr;
  CHECK(ssl_ != nullptr && BIO_new_bio_pair(&inner, kBufferBytes, &outer, kBufferBytes) == 1);
  network_.reset(outer);
  SSL_set_bio(ssl_.get(), inner, inner);
  if (url.is_address) {
    CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), url.host.c_str()) == 1);
  } else {
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    CHECK(SSL_set1_host(ssl_.get(), url.host.c_str()) == 1);
    // What SSL_set_tlsext_host_name expands to, without its cast; OpenSSL copies the name.
    std::string name = url.host;
    CHECK(SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                   name.data()) == 1);
  }
  const auto shaken = run([this] { return SSL_connect(ssl_.get()); }, patience);
  if (!shaken) return shaken.error();
  return {};
}

Result<> TlsConnection::send(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const auto step = [&] {
      return SSL_write(ssl_.get(), bytes.data(),
                       static_cast<int>(std::min(bytes.size(), std::size_t{16} * 1024)));
    };
    const auto sent = run(step, patience);
    if (!sent) return sent.error();
    if (*sent == 0) return fail(Errc::unavailable, "{}: closed the connection", peer_);
    bytes.remove_prefix(static_cast<std::size_t>(*sent));
  }
  return {};
}

Result<std::size_t> TlsConnection::receive(std::span<char> into, const Patience& patience) {
  const auto step = [&] {
    return SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  };
  const auto got = run(step, patience);
  if (!got) return got.error();
  return static_cast<std::size_t>(*got);
}

// Repeats what OpenSSL is to do until it is done: > 0, or 0 at the orderly end of the connection.
template <class Step>
Result<int> TlsConnection::run(Step step, const Patience& patience) {
  for (;;) {
    ERR_clear_error();
    const int done = step();
    const int why = done > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), done);
    // Also after an error: the alert tells the peer why.
    const auto flushed = flush(patience);
    if (done > 0 && !flushed) return flushed.error();
    switch (why) {
      case SSL_ERROR_NONE:
        return done;
      case SSL_ERROR_ZERO_RETURN:
        return 0;
      case SSL_ERROR_WANT_READ:
        if (!flushed) return flushed.error();
        if (auto filled = fill(patience); !filled) return filled.error();
        break;
      case SSL_ERROR_WANT_WRITE:
        if (!flushed) return flushed.error();
        break;
      default:
        return tls_error();
    }
  }
}

Result<> TlsConnection::flush(const Patience& patience) {
  std::array<char, kBufferBytes> buffer;
  while (BIO_ctrl_pending(network_.get()) > 0) {
    const int size = BIO_read(network_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return {};
    std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
    while (!rest.empty()) {
      const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        if (auto ready = wait_for(fd_, POLLOUT, patience, "sending to " + peer_); !ready)
          return ready;
      } else if (errno != EINTR) {
        return fail(Errc::unavailable, "{}",
                    base::fail_errno(errno, "sending to " + peer_).message);
      }
    }
  }
  return {};
}

Result<> TlsConnection::fill(const Patience& patience) {
  std::array<char, kBufferBytes> buffer;
  const std::size_t room = std::min(buffer.size(), BIO_ctrl_get_write_guarantee(network_.get()));
  for (;;) {
    const ssize_t got = ::recv(fd_, buffer.data(), room, 0);
    if (got > 0) {
      CHECK(BIO_write(network_.get(), buffer.data(), static_cast<int>(got)) == got);
      return {};
    }
    if (got == 0) return fail(Errc::unavailable, "{}: closed the connection", peer_);
    if (errno == EAGAIN) {
      if (auto ready = wait_for(fd_, POLLIN, patience, "waiting for " + peer_); !ready)
        return ready;
    } else if (errno != EINTR) {
      return fail(Errc::unavailable, "{}",
                  base::fail_errno(errno, "receiving from " + peer_).message);
    }
  }
}

base::Error TlsConnection::tls_error() const {
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return fail(Errc::tls, "{}: its certificate is not trusted: {}", peer_,
                X509_verify_cert_error_string(verdict));
  }
  return fail(Errc::tls, "{}: TLS: {}", peer_, take_openssl_error());
}

}  // namespace ravelin::certs::acme
