#include "certs/self_handshake.h"

#include "base/check.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using base::Result;

using CtxPtr = base::Handle<SSL_CTX, SSL_CTX_free>;
using SslPtr = base::Handle<SSL, SSL_free>;

// What the client trusts, and how strictly it looks.
enum class Client : unsigned char {
  strict,  // the last certificate of the chain, and every rule, at a moment
  lenient  // the leaf, at any time
};

struct Attempt {
  std::string_view key;  // "ec"
  int version;           // TLS1_2_VERSION
  std::string name;      // as a client would ask for
  base::WallTime now{};
  Client client = Client::strict;
};

std::string_view version_text(int version) {
  return version == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3";
}

// A name a client can ask for: a wildcard stands for any label.
std::string asked_name(const std::string& name) {
  return name.starts_with("*.") ? "any" + name.substr(1) : name;
}

CtxPtr new_context(const SSL_METHOD* method) {
  CtxPtr context(SSL_CTX_new(method));
  CHECK(context != nullptr);
  return context;
}

Result<CtxPtr> server_context(const CertificatePair& pair) {
  CtxPtr context = new_context(TLS_server_method());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (SSL_CTX_use_cert_and_key(context.get(), pair.chain.leaf.get(), pair.key.get(),
                               pair.chain.intermediates.get(), 1) != 1)
    return fail(Errc::tls, "OpenSSL does not take it: {}", take_openssl_error());
  return context;
}

CtxPtr client_context(const CertificatePair& pair, Client client) {
  CtxPtr context = new_context(TLS_client_method());
  const Chain& chain = pair.chain;
  const int above = client == Client::lenient ? 0 : sk_X509_num(chain.intermediates.get());
  X509* anchor =
      above == 0 ? chain.leaf.get() : sk_X509_value(chain.intermediates.get(), above - 1);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), anchor);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

void ask_for(SSL* client, const Attempt& attempt) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(client);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (attempt.client == Client::strict) {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(attempt.now));
  } else {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  }
  const std::string name = asked_name(attempt.name);
  if (name.empty()) return;
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1) return;
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(rules, name.c_str(), 0);
  // OpenSSL's macro for this casts in the old style.
  SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(name.c_str()));
}

// Both ends in turn, until they are done or one has had enough.
Result<> run(SSL* client, SSL* server) {
  constexpr int kTurnsMax = 16;
  for (int i = 0; i < kTurnsMax; ++i) {
    const int at_client = SSL_do_handshake(client);
    const int client_error = SSL_get_error(client, at_client);
    if (at_client != 1 && client_error != SSL_ERROR_WANT_READ) {
      const long verified = SSL_get_verify_result(client);
      if (verified != X509_V_OK)
        return fail(Errc::tls, "the client refuses it: {}",
                    X509_verify_cert_error_string(verified));
      return fail(Errc::tls, "the client gives up: {}", take_openssl_error());
    }
    const int at_server = SSL_do_handshake(server);
    if (at_server != 1 && SSL_get_error(server, at_server) != SSL_ERROR_WANT_READ)
      return fail(Errc::tls, "the server gives up: {}", take_openssl_error());
    if (at_client == 1 && at_server == 1) return {};
  }
  return fail(Errc::tls, "the handshake does not come to an end");
}

// Of one pair, for as many handshakes as are wanted.
struct Contexts {
  CtxPtr server;
  CtxPtr client;
};

Result<Contexts> make_contexts(const CertificatePair& pair, Client client) {
  auto server = server_context(pair);
  if (!server) return server.error();
  return Contexts{std::move(*server), client_context(pair, client)};
}

SslPtr new_end(const CtxPtr& context, int version) {
  SslPtr end(SSL_new(context.get()));
  CHECK(end != nullptr);
  CHECK(SSL_set_min_proto_version(end.get(), version) == 1);
  CHECK(SSL_set_max_proto_version(end.get(), version) == 1);
  return end;
}

Result<> shake(const Attempt& attempt, const Contexts& contexts) {
  const SslPtr server = new_end(contexts.server, attempt.version);
  const SslPtr client = new_end(contexts.client, attempt.version);
  ask_for(client.get(), attempt);
  BIO* at_client = nullptr;
  BIO* at_server = nullptr;
  CHECK(BIO_new_bio_pair(&at_client, 0, &at_server, 0) == 1);
  SSL_set_bio(client.get(), at_client, at_client);
  SSL_set_bio(server.get(), at_server, at_server);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  auto done = run(client.get(), server.get());
  ERR_clear_error();
  if (done) return done;
  return base::wrap(done.error(), fmt::format("handshake for {} ({}, {} key)", attempt.name,
                                              version_text(attempt.version), attempt.key));
}

// One that a client can ask for; "" = it has none.
std::string first_name(const CertificateInfo& info) {
  for (const std::string& name : info.dns_names) {
    const bool is_usual = name.starts_with("*.") && name.find('.', 2) != std::string::npos;
    if (is_usual || name.find('*') == std::string::npos) return name;
  }
  return info.ip_names.empty() ? std::string() : base::to_string(info.ip_names.front());
}

Result<> check_name_alone(const CertificatePair& pair, const std::string& name) {
  const std::string asked = asked_name(name);
  X509* leaf = pair.chain.leaf.get();
  if (X509_check_ip_asc(leaf, asked.c_str(), 0) == 1 ||
      X509_check_host(leaf, asked.c_str(), asked.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                      nullptr) == 1)
    return {};
  return fail(Errc::tls, "a client that asks for {} does not find its name in it", name);
}

}  // namespace

Result<> shake_hands(const PairSet& pairs, std::span<const std::string> names, base::WallTime now) {
  struct Key {
    const PairPtr& pair;
    std::string_view text;
  };

  for (const Key& key : {Key{pairs.ec, "ec"}, Key{pairs.rsa, "rsa"}}) {
    if (key.pair == nullptr) continue;
    const auto contexts = make_contexts(*key.pair, Client::strict);
    if (!contexts) return base::wrap(contexts.error(), fmt::format("handshake ({} key)", key.text));
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i >= kNamesShaken) {
        if (auto done = check_name_alone(*key.pair, names[i]); !done) return done;
        continue;
      }
      for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        if (auto done = shake({key.text, version, names[i], now}, *contexts); !done) return done;
    }
  }
  return {};
}

Result<> shake_hands_once(const CertificatePair& pair) {
  const std::string name = first_name(pair.chain.info);
  const std::string_view key = pair.chain.info.key_type == KeyType::rsa ? "rsa" : "ec";
  const auto contexts = make_contexts(pair, Client::lenient);
  if (!contexts) return base::wrap(contexts.error(), fmt::format("handshake ({} key)", key));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
    if (auto done = shake({key, version, name, {}, Client::lenient}, *contexts); !done) return done;
  return {};
}

}  // namespace ravelin::certs
