#include "tests/gateway/tls/memory_handshake.h"

#include "base/check.h"
#include "tests/support/test_certs.h"

namespace ravelin::gateway::test {
namespace {

void set_sni(SSL* ssl, std::string name) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

}  // namespace

void say_goodbye(SSL* ssl) {
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

std::shared_ptr<const ListenerTls> make_listener(std::vector<IndexedPair> pairs,
                                                 const TlsPolicy& policy,
                                                 std::shared_ptr<const TicketKeys> tickets) {
  auto context = TlsContext::create(policy, base::wall_now());
  CHECK(context.has_value());
  return std::make_shared<const ListenerTls>(ListenerTls{
      *context, std::make_shared<const CertificateIndex>(std::move(pairs)), std::move(tickets)});
}

MemoryHandshake::MemoryHandshake(std::shared_ptr<const ListenerTls> tls,
                                 const ClientOptions& options)
    : client_ctx_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* ctx = client_ctx_.get();
  SSL_CTX_set_security_level(ctx, 0);
  CHECK(SSL_CTX_set_min_proto_version(ctx, options.version_min) == 1);
  CHECK(SSL_CTX_set_max_proto_version(ctx, options.version_max) == 1);
  if (!options.ciphers12.empty())
    CHECK(SSL_CTX_set_cipher_list(ctx, options.ciphers12.c_str()) == 1);
  if (!options.groups.empty()) CHECK(SSL_CTX_set1_groups_list(ctx, options.groups.c_str()) == 1);
  if (!options.signatures.empty())
    CHECK(SSL_CTX_set1_sigalgs_list(ctx, options.signatures.c_str()) == 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, on_new_session);
  if (options.trusts_test_ca)
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx),
                        const_cast<X509*>(ravelin::test::ca().certificate()));
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);

  client_.reset(SSL_new(ctx));
  SSL_set_app_data(client_.get(), this);
  if (!options.sni.empty()) set_sni(client_.get(), options.sni);
  std::string alpn;
  for (const auto& protocol : options.alpn)
    alpn += static_cast<char>(protocol.size()) + protocol;
  SSL_set_alpn_protos(client_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                      static_cast<unsigned>(alpn.size()));
  if (options.certificate != nullptr)
    CHECK(SSL_use_cert_and_key(client_.get(), options.certificate->chain.leaf.get(),
                               options.certificate->key.get(), nullptr, 1) == 1);
  if (options.resume != nullptr) SSL_set_session(client_.get(), options.resume.get());
  SSL_set_connect_state(client_.get());

  info_.tls = std::move(tls);
  info_.client = options.address;
  info_.local = options.goes_to;
  server_ = new_server_ssl(info_);
  BIO* server_end = nullptr;
  CHECK(BIO_new_bio_pair(&client_end_, 64 * 1024, &server_end, 64 * 1024) == 1);
  SSL_set_bio(client_.get(), client_end_, client_end_);
  SSL_set_bio(server_.get(), server_end, server_end);
}

MemoryHandshake::~MemoryHandshake() {
  say_goodbye(client_.get());
  say_goodbye(server_.get());
}

int MemoryHandshake::on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<MemoryHandshake*>(SSL_get_app_data(ssl));
  self->last_session_ = SessionPtr(session, SSL_SESSION_free);
  ++self->tickets_received_;
  return 1;  // keeps the reference
}

void MemoryHandshake::turn_client() {
  ERR_clear_error();
  const int result = SSL_do_handshake(client_.get());
  if (result == 1) {
    client_done_ = true;
    return;
  }
  if (SSL_get_error(client_.get(), result) == SSL_ERROR_WANT_READ) return;
  client_failed_ = true;
  client_error_ = certs::take_openssl_error();
}

void MemoryHandshake::turn_server() {
  ERR_clear_error();
  const int result = SSL_do_handshake(server_.get());
  waits_for_key_ = false;
  if (result == 1) {
    server_done_ = true;
    end_handshake(server_.get());
    return;
  }
  const int error = SSL_get_error(server_.get(), result);
  waits_for_key_ = error == SSL_ERROR_WANT_ASYNC;
  if (waits_for_key_ || error == SSL_ERROR_WANT_READ) return;
  server_failed_ = true;
  failure_ = explain_handshake_failure(server_.get(), info_, error, 0);
}

bool MemoryHandshake::step() {
  if (!client_done_ && !client_failed_) turn_client();
  if (!server_done_ && !server_failed_) turn_server();
  const bool over =
      (client_done_ && server_done_) || (client_failed_ && server_done_) || server_failed_;
  // The alert of a failed server still has to reach the client.
  if (server_failed_ && !client_failed_) {
    if (client_done_)
      exchange();
    else
      turn_client();
  }
  return !over;
}

bool MemoryHandshake::run() {
  for (int turn = 0; turn < 100 && step(); ++turn) {
  }
  return client_done_ && server_done_ && !client_failed_;
}

bool MemoryHandshake::exchange() {
  char byte = 'x';
  ERR_clear_error();
  if (server_done_) SSL_write(server_.get(), &byte, 1);
  if (SSL_read(client_.get(), &byte, 1) == 1) return true;
  client_failed_ = true;
  client_error_ = certs::take_openssl_error();
  return false;
}

std::string MemoryHandshake::served_name() const {
  const certs::X509Ptr shown(SSL_get1_peer_certificate(client_.get()));
  if (shown == nullptr) return "";
  const auto info = certs::describe(shown.get());
  return info.dns_names.empty() ? info.subject : info.dns_names.front();
}

certs::KeyType MemoryHandshake::served_key() const {
  const certs::X509Ptr shown(SSL_get1_peer_certificate(client_.get()));
  CHECK(shown != nullptr);
  return certs::key_type(X509_get0_pubkey(shown.get()));
}

SessionPtr MemoryHandshake::session() const {
  return last_session_ != nullptr ? last_session_
                                  : SessionPtr(SSL_get1_session(client_.get()), SSL_SESSION_free);
}

void MemoryHandshake::feed(std::string_view bytes) {
  client_done_ = true;
  CHECK(BIO_write(client_end_, bytes.data(), static_cast<int>(bytes.size())) ==
        static_cast<int>(bytes.size()));
}

void MemoryHandshake::close_client() {
  client_done_ = true;
  BIO_shutdown_wr(client_end_);
}

}  // namespace ravelin::gateway::test
