// What one handshake works with and leaves behind. OpenSSL's callbacks find it through the SSL
// object, so nothing is global and a certificate swap reaches new connections only.
//
//   HandshakeInfo info;
//   info.tls = listener;                       // shared_ptr<const ListenerTls>: pins this
//   generation SslPtr ssl = new_server_ssl(info);         // SSL_new, accept state, `info` attached
//   SSL_set_bio(ssl.get(), bio, bio);
//   … SSL_do_handshake …                       // on failure: explain_handshake_failure()
//   end_handshake(ssl.get());                  // `info` may go now; info.sni is worth keeping
#pragma once

#include "base/address.h"
#include "base/handle.h"
#include "certs/store.h"
#include "certs/view/challenge_answers.h"
#include "gateway/observe/reason.h"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ravelin::gateway {

class CertificateIndex;
class HandshakeWatch;
class TlsContext;
struct TicketKeys;
struct StapleList;

using SslPtr = base::Handle<SSL, SSL_free>;

// The TLS side of one listener at one moment. Immutable: a new certificate, ticket key or policy
// makes a new one, which each worker takes for the connections it accepts from then on.
struct ListenerTls {
  std::shared_ptr<const TlsContext> context;             // never null
  std::shared_ptr<const CertificateIndex> certificates;  // never null
  std::shared_ptr<const TicketKeys> tickets;             // null = no tickets are given or taken
  std::shared_ptr<const StapleList> staples{};           // null = nothing is stapled
  std::shared_ptr<const certs::ChallengeAnswers> challenges{};  // null = none are answered
  std::uint64_t store_revision = 0;         // of the store's view in `certificates`
  std::shared_ptr<HandshakeWatch> watch{};  // of the store's certificates; null without a store
};

// Lives from new_server_ssl() to end_handshake() at one address, on its worker's thread.
struct HandshakeInfo {
  std::shared_ptr<const ListenerTls> tls;
  base::IpAddress client{};  // all zero = it has no address
  // Where the client meant to go: what stands for a name it did not send. nullopt = no address.
  std::optional<base::IpAddress> local{};
  // Filled from the ClientHello before anything can fail (OpenSSL forgets both on failure).
  std::string sni;                // lower case; "" = none sent
  std::uint16_t version_max = 0;  // highest TLS version offered (0x0303 = 1.2); 0 = no hello read
  // Our own decision to refuse; Reason::none when OpenSSL or the peer ended it.
  Reason refused = Reason::none;
  certs::PairSet pairs{};     // what the name gets
  bool is_challenge = false;  // a CA that looks whether the name is ours: no request follows
};

// A server-side SSL for info.tls, in accept state. Error only when out of memory: nullptr.
SslPtr new_server_ssl(HandshakeInfo& info);

// nullptr outside a handshake.
HandshakeInfo* handshake_info(const SSL* ssl);

// Detaches the info, and ends SSL_MODE_ASYNC: reads and writes never run on a fiber. Call once the
// handshake is complete.
void end_handshake(SSL* ssl);

}  // namespace ravelin::gateway
