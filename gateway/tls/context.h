// One SSL_CTX per TLS policy: profile, client authentication, ALPN. Built once, never changed while
// it serves; certificates and ticket keys come from the connection's HandshakeInfo, so changing
// them needs no new context. Immutable; shared by all workers.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "certs/crl/held_crl.h"
#include "gateway/config/config.h"
#include "gateway/tls/handshake_info.h"

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

// A file as the operator names it, already read.
struct PemFile {
  std::string path{};
  std::string text{};

  bool operator==(const PemFile&) const = default;
};

enum class KeyTiming { immediate, may_be_late };

struct TlsPolicy {
  TlsProfile profile = TlsProfile::intermediate;
  ClientAuthMode client_auth = ClientAuthMode::none;
  PemFile client_ca{};                               // used unless client_auth is none
  std::vector<PemFile> client_crls{};                // read from files
  std::vector<std::string> client_crl_urls{};        // where others are fetched from
  std::vector<certs::HeldCrlPtr> fetched_crls{};     // those of them that are there
  ExpiredCrl crl_expired = ExpiredCrl::refuse;       // or is missing, with client_crl_urls
  std::vector<std::string> alpn{"http/1.1"};         // in order of our preference
  std::chrono::seconds session_lifetime{24 * 3600};  // ticket_lifetime(ring options)
  KeyTiming key_timing = KeyTiming::immediate;       // may_be_late: handshakes may want ASYNC
};

// What client certificates are held against.
struct ClientTrust {
  std::vector<certs::CrlAuthority> cas;
  bool checks_revocation = false;
  std::vector<certs::HeldCrlPtr> crls;  // from files, and fetched

  // Whose clients cannot be checked, as no list of theirs is there.
  [[nodiscard]] std::vector<const certs::CrlAuthority*> without_list() const;
};

class TlsContext {
 public:
  // Errors: the CA or CRL file does not parse, a CRL in a file is expired while that refuses
  // clients, or of no listed CA, a listed CA has no CRL while others do (its clients would all be
  // refused) and none is fetched.
  static base::Result<std::shared_ptr<const TlsContext>> create(const TlsPolicy& policy,
                                                                base::WallTime now);

  // The same policy with the certificate already in place that most handshakes of `index` get:
  // saves 3 % of a handshake. Other names of the index are served all the same. Returns `base`
  // itself where sessions live in the context (client authentication), or when nothing changes.
  static std::shared_ptr<const TlsContext> with_usual_certificate(
      const std::shared_ptr<const TlsContext>& base, const CertificateIndex& index);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext() = default;

  [[nodiscard]] SSL_CTX* ssl_ctx() const { return ctx_.get(); }

  // The same policy with these lists fetched, for the next handshakes; sessions stay with `base`.
  static std::shared_ptr<const TlsContext> with_crls(const std::shared_ptr<const TlsContext>& base,
                                                     std::vector<certs::HeldCrlPtr> fetched);

  // SHA-256 over everything a resumed session must not escape: profile, client authentication, its
  // CAs, CRLs from files, and where others are fetched. The session id context, hence also what a
  // ticket is bound to. With client authentication sessions live in the context alone, so that
  // fetched lists end them without being part of it.
  [[nodiscard]] const std::array<unsigned char, 32>& policy_hash() const { return policy_hash_; }

  [[nodiscard]] std::chrono::seconds session_lifetime() const { return policy_.session_lifetime; }

  [[nodiscard]] KeyTiming key_timing() const { return policy_.key_timing; }

  // What every SSL of this context has before a handshake; usually empty.
  [[nodiscard]] const certs::PairSet& resident() const { return resident_; }

  // Whose clients are let in, and the lists of what they are no longer; both empty unless clients
  // are asked for certificates.
  [[nodiscard]] const ClientTrust& client_trust() const { return trust_; }

  [[nodiscard]] const TlsPolicy& policy() const { return policy_; }

  // Nobody resumes a session of before.
  void forget_sessions() const;

  // In wire form, for the ALPN callback.
  [[nodiscard]] std::span<const unsigned char> alpn() const { return alpn_; }

 private:
  TlsContext() = default;
  base::Result<> configure(const TlsPolicy& policy, base::WallTime now);

  TlsPolicy policy_;
  ClientTrust trust_;
  certs::PairSet resident_;
  base::Handle<SSL_CTX, SSL_CTX_free> ctx_;
  std::array<unsigned char, 32> policy_hash_{};
  std::vector<unsigned char> alpn_;
};

// Reads the CA and CRL files of a listener's configuration (at most 1 MiB each); fetches nothing.
base::Result<TlsPolicy> read_policy(const ListenerTlsConfig& config);

}  // namespace ravelin::gateway
