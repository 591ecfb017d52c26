// The load generator's TLS connection.
#include "bench/client.h"

#include "bench/net.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ravelin::bench {

namespace {

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* connection = static_cast<Connection*>(SSL_get_app_data(ssl));
  connection->keep_session(session);
  return 1;  // keeps the reference
}

void set_up(SSL_CTX* context, Client::Sizing sizing) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519") != 1) {
    die("the TLS library lacks AES-128-GCM or X25519");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);  // the signature is still verified
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  if (sizing == Client::Sizing::bulk) SSL_CTX_set_default_read_buffer_len(context, 64 * 1024);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_session);
}

void show_certificate(SSL_CTX* context, const Identity& identity) {
  if (identity.chain.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context, identity.chain.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, identity.key.c_str(), SSL_FILETYPE_PEM) != 1)
    die("the client certificate cannot be used");
}

}  // namespace

Client::Client(std::uint16_t port_, Sizing sizing, const Identity& identity)
    : port(port_),
      server_name(identity.server_name),
      epoll(epoll_create1(EPOLL_CLOEXEC)),
      context(SSL_CTX_new(TLS_client_method())) {
  if (epoll < 0 || context == nullptr) die("creating the client");
  set_up(context.get(), sizing);
  show_certificate(context.get(), identity);
}

Connection::Connection(Client& client, unsigned source, void* tag)
    : client_(client), source_(source), tag_(tag) {}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

void Connection::open(Resume resume) {
  close();
  fd_ = connect_loopback(client_.port, source_);
  ssl_.reset(SSL_new(client_.context.get()));
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd_) != 1) die("creating a TLS connection");
  SSL_set_app_data(ssl_.get(), this);
  // SSL_set_tlsext_host_name without its old-style cast.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(client_.server_name.c_str()));
  if (resume == Resume::yes && session_ != nullptr) SSL_set_session(ssl_.get(), session_.get());
  SSL_set_connect_state(ssl_.get());
  state_ = State::connecting;
  events_ = EPOLLOUT;
  watch(client_.epoll, EPOLL_CTL_ADD, fd_, events_, tag_);
}

Step Connection::send(const Request& request) {
  check_.expect(request.body);
  unsent_ = request.bytes;
  state_ = State::sending;
  return write();
}

Step Connection::on_event(std::uint32_t events) {
  switch (state_) {
    case State::connecting: {
      int cause = 0;
      socklen_t size = sizeof cause;
      getsockopt(fd_, SOL_SOCKET, SO_ERROR, &cause, &size);
      if (cause != 0) return fail(std::string("connect: ") + std::strerror(cause));
      state_ = State::handshake;
      return handshake();
    }
    case State::handshake:
      return handshake();
    case State::sending:
      if ((events & EPOLLOUT) == 0) return fail("an answer before the request was sent");
      return write();
    case State::receiving:
    case State::idle:
      return read();
    case State::closed:
      break;
  }
  return Step::waiting;
}

Step Connection::handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return retry(result, "handshake");
  state_ = State::idle;
  want(EPOLLIN);
  return Step::connected;
}

Step Connection::write() {
  while (!unsent_.empty()) {
    const int written = SSL_write(ssl_.get(), unsent_.data(), static_cast<int>(unsent_.size()));
    if (written <= 0) return retry(written, "sending a request");
    unsent_.remove_prefix(static_cast<std::size_t>(written));
  }
  state_ = State::receiving;
  want(EPOLLIN);
  return Step::waiting;
}

// Also while idle: then nothing but a ticket may come.
Step Connection::read() {
  static std::array<char, 16 * 1024> scratch;
  for (;;) {
    const int got = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
    if (got <= 0) return retry(got, "reading an answer");
    if (state_ == State::idle) return fail("bytes that answer no request");
    const auto verdict = check_.feed({scratch.data(), static_cast<std::size_t>(got)});
    if (verdict == ResponseCheck::Verdict::wrong) return fail(check_.why());
    if (verdict == ResponseCheck::Verdict::done) break;
  }
  if (SSL_pending(ssl_.get()) > 0) return fail("bytes behind the answer");
  state_ = State::idle;
  return Step::answered;
}

Step Connection::retry(int result, const char* doing) {
  const int cause = errno;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    want(error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
    return Step::waiting;
  }
  std::string why = doing;
  if (error == SSL_ERROR_ZERO_RETURN) return fail(why + ": the gateway closed the connection");
  if (error == SSL_ERROR_SYSCALL) return fail(why + ": " + std::strerror(cause));
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return fail(why + ": " + text.data());
}

Step Connection::fail(std::string why) {
  why_ = std::move(why);
  return Step::failed;
}

void Connection::want(std::uint32_t events) {
  if (events == events_) return;
  events_ = events;
  watch(client_.epoll, EPOLL_CTL_MOD, fd_, events, tag_);
}

void Connection::close() {
  if (fd_ < 0) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ssl_.reset();
  ::close(fd_);
  fd_ = -1;
  state_ = State::closed;
}

std::string Connection::describe() const {
  SSL* ssl = ssl_.get();
  std::string text = SSL_get_version(ssl);
  text.append(" ").append(SSL_get_cipher_name(ssl));
  const char* group = OBJ_nid2sn(static_cast<int>(SSL_get_negotiated_group(ssl)));
  text.append(" ").append(group);
  base::Handle<X509, X509_free> certificate(SSL_get1_peer_certificate(ssl));
  if (certificate != nullptr) {
    const EVP_PKEY* key = X509_get0_pubkey(certificate.get());
    text.append(" ").append(EVP_PKEY_get0_type_name(key));
    text.append("-").append(std::to_string(EVP_PKEY_get_bits(key)));
  }
  return text;
}

}  // namespace ravelin::bench
