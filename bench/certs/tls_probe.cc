#include "bench/certs/tls_probe.h"

#include "bench/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ravelin::bench {
namespace {

constexpr timeval kProbePatience{.tv_sec = 5, .tv_usec = 0};

int on_ticket(SSL* ssl, SSL_SESSION*) {
  *static_cast<bool*>(SSL_get_app_data(ssl)) = true;
  return 0;  // the session is not kept
}

// -1 when nobody listens.
int connect_blocking(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kProbePatience, sizeof kPatience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

TlsProbe::TlsProbe(std::uint16_t port) : port_(port), context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519") != 1)
    die("the TLS library lacks TLS 1.3, AES-128-GCM or X25519");
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);  // a ticket ends a read
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_ticket);
}

bool TlsProbe::give_up(const char* doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  why_ = std::string(doing) + ": " + text.data();
  return false;
}

bool TlsProbe::handshake(const std::string& name) {
  errno = 0;
  const int fd = connect_blocking(port_);
  if (fd < 0) {
    why_ = std::string("connecting: ") + std::strerror(errno);
    return false;
  }
  const bool done = speak(fd, name);
  ::close(fd);
  return done;
}

bool TlsProbe::speak(int fd, const std::string& name) {
  const base::Handle<SSL, SSL_free> ssl(SSL_new(context_.get()));
  has_ticket_ = false;
  SSL_set_app_data(ssl.get(), &has_ticket_);
  // SSL_set_tlsext_host_name without its old-style cast.
  SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(name.c_str()));
  if (SSL_set_fd(ssl.get(), fd) != 1) die("creating a TLS connection");
  if (SSL_connect(ssl.get()) != 1) return give_up("handshake");
  const base::Handle<X509, X509_free> certificate(SSL_get1_peer_certificate(ssl.get()));
  if (X509_check_host(certificate.get(), name.c_str(), name.size(), 0, nullptr) != 1)
    return give_up("the certificate is not for this name");
  char unwanted = 0;
  static_cast<void>(SSL_read(ssl.get(), &unwanted, 1));
  if (!has_ticket_) return give_up("no session ticket");
  SSL_shutdown(ssl.get());
  ERR_clear_error();
  return true;
}

}  // namespace ravelin::bench
