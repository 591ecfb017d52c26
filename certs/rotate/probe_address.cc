#include "certs/rotate/probe_address.h"

#include "base/check.h"
#include "certs/acme/tcp_socket.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <cerrno>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using CtxPtr = base::Handle<SSL_CTX, SSL_CTX_free>;
using SslPtr = base::Handle<SSL, SSL_free>;

constexpr std::string_view kShaking = "the handshake";

// A client that takes one kind of key only.
CtxPtr client_context(const ProbeQuestion& question, const CertificatePair& pair) {
  const bool is_new = question.version == ProbedVersion::tls_1_3;
  const bool is_ec = question.slot == PairSlot::ec;
  CtxPtr context(SSL_CTX_new(TLS_client_method()));
  CHECK(context != nullptr);
  const int version = is_new ? TLS1_3_VERSION : TLS1_2_VERSION;
  CHECK(SSL_CTX_set_min_proto_version(context.get(), version) == 1);
  CHECK(SSL_CTX_set_max_proto_version(context.get(), version) == 1);
  CHECK(SSL_CTX_set_cipher_list(context.get(), is_ec ? "ECDHE+ECDSA" : "ECDHE+aRSA") == 1);
  std::string kinds = is_ec ? "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"
                            : "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384";
  // OpenSSL's macro for this casts in the old style.
  CHECK(SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_SIGALGS_LIST, 0, kinds.data()) == 1);
  const int above = sk_X509_num(pair.chain.intermediates.get());
  X509* anchor =
      above == 0 ? pair.chain.leaf.get() : sk_X509_value(pair.chain.intermediates.get(), above - 1);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), anchor);
  // It is verified all the same; the verdict is looked at afterwards, and so is what was shown.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  return context;
}

void ask_for(SSL* client, const std::string& certificate_name, base::WallTime now) {
  std::string name =
      certificate_name.starts_with("*.") ? "any" + certificate_name.substr(1) : certificate_name;
  X509_VERIFY_PARAM* rules = SSL_get0_param(client);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1) return;
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(rules, name.c_str(), 0);
  SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

Result<> shake(SSL* client, int fd, const acme::Patience& patience) {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int done = SSL_connect(client);
    const int error = errno;
    if (done == 1) return {};
    switch (SSL_get_error(client, done)) {
      case SSL_ERROR_WANT_READ:
        if (auto ready = acme::wait_for(fd, POLLIN, patience, kShaking); !ready) return ready;
        break;
      case SSL_ERROR_WANT_WRITE:
        if (auto ready = acme::wait_for(fd, POLLOUT, patience, kShaking); !ready) return ready;
        break;
      case SSL_ERROR_SYSCALL:
        ERR_clear_error();
        return error == 0 ? fail(Errc::protocol, "the connection was closed")
                          : fail(Errc::protocol, "{}", base::fail_errno(error, kShaking).message);
      default:
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
          ERR_clear_error();
          return fail(Errc::protocol, "the connection was closed");
        }
        return fail(Errc::tls, "{}", take_openssl_error());
    }
  }
}

}  // namespace

Result<ProbeAnswer> probe_address(const acme::SocketAddress& address, const ProbeQuestion& question,
                                  const CertificatePair& pair, base::WallTime now,
                                  const acme::Patience& patience) {
  const auto socket = acme::TcpSocket::connect(address, patience);
  if (!socket) return socket.error();
  const CtxPtr context = client_context(question, pair);
  const SslPtr client(SSL_new(context.get()));
  CHECK(client != nullptr && SSL_set_fd(client.get(), socket->fd()) == 1);
  ask_for(client.get(), question.name, now);
  const base::MonoTime before = base::mono_now();
  if (auto shaken = shake(client.get(), socket->fd(), patience); !shaken) return shaken.error();
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(base::mono_now() - before);
  const X509Ptr leaf(SSL_get1_peer_certificate(client.get()));
  if (leaf == nullptr) return fail(Errc::tls, "no certificate was shown");
  const CertificateInfo info = describe(leaf.get());
  const long verdict = SSL_get_verify_result(client.get());
  ProbeAnswer answer{.serial = info.serial,
                     .spki_sha256 = info.spki_sha256,
                     .not_after = info.not_after,
                     .distrust = verdict == X509_V_OK ? "" : X509_verify_cert_error_string(verdict),
                     .cipher = SSL_get_cipher_name(client.get()),
                     .took = took};
  SSL_shutdown(client.get());
  ERR_clear_error();
  return answer;
}

}  // namespace ravelin::certs
